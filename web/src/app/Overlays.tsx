// What lies over any page while somebody is signed in, and the keys that open it. It comes when it is first asked for.
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { andTexts } from "@/i18n";
import { mostChars } from "@/features/chat/searchFilters";
import { backTo, closeOverlay, follow, openOverlay, useOverlay } from "@/ui/overlays";
import { isPressed } from "@/ui/shortcuts";

const Palette = lazy(() => andTexts(import("./palette/Palette"), "later").then((module) => ({ default: module.Palette })));

const KeySheet = lazy(() => andTexts(import("./palette/KeySheet"), "later").then((module) => ({ default: module.KeySheet })));

/** Whatever asks something has to be answered first. */
const isAsking = (): boolean => document.querySelector("[data-asks]") !== null;

export function Overlays() {
  const overlay = useOverlay();
  const begun = useRef("");
  const { key } = useLocation();
  useEffect(follow, [key]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const pressed = (["palette", "sheet"] as const).find((one) => isPressed(one, event));
      if (!pressed) return;
      // Also when nothing opens: the browser's own act would take people out of the page.
      event.preventDefault();
      if (event.isComposing || isAsking()) return;
      begun.current = "";
      openOverlay(pressed);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const takeBegun = (): string => {
    const text = begun.current;
    begun.current = "";
    return text;
  };
  // Once it was open it stays, closed: a dialog that just went would not give the keyboard back.
  const [hasSheet, setHasSheet] = useState(false);
  if (overlay === "sheet" && !hasSheet) setHasSheet(true);
  return (
    <>
      {hasSheet ? <Suspense><KeySheet open={overlay === "sheet"} onClose={closeOverlay} /></Suspense> : null}
      {overlay === "palette" ? (
        <Suspense fallback={<Meanwhile onType={(text) => (begun.current = text)} />}>
          <Palette takeBegun={takeBegun} onClosed={closeOverlay} />
        </Suspense>
      ) : null}
    </>
  );
}

/** The first time it takes a moment; what is typed until then goes into the field that comes, not into the page. */
function Meanwhile({ onType }: { onType: (text: string) => void }) {
  const { t } = useTranslation();
  return (
    <input
      autoFocus
      aria-label={t("nav.palette")}
      onChange={(event) => onType(event.target.value)}
      maxLength={mostChars}
      onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), closeOverlay(), backTo()?.focus())}
      className="fixed top-[min(12dvh,6rem)] left-1/2 z-50 min-h-11 w-[min(40rem,calc(100vw-1rem))] -translate-x-1/2 rounded-xl border border-line bg-raised px-12 text-sm shadow-float outline-none"
    />
  );
}
