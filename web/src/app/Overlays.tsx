// What lies over any page while somebody is signed in, and the keys that open it. It comes when it is first asked for.
import { lazy, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { andTexts } from "@/i18n";
import { closeOverlay, follow, openOverlay, useOverlay } from "@/ui/overlays";
import { isPressed } from "@/ui/shortcuts";

const Palette = lazy(() => andTexts(import("./palette/Palette"), "later").then((module) => ({ default: module.Palette })));

/** Whatever asks something has to be answered first. */
const isAsking = (): boolean => document.querySelector("[data-asks]") !== null;

export function Overlays() {
  const overlay = useOverlay();
  const begun = useRef("");
  const { key } = useLocation();
  useEffect(follow, [key]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!isPressed("palette", event)) return;
      // Also when nothing opens: the browser's own act would take people out of the page.
      event.preventDefault();
      if (event.isComposing || isAsking()) return;
      begun.current = "";
      openOverlay("palette");
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  if (overlay !== "palette") return null;
  return (
    <Suspense fallback={<Meanwhile onType={(text) => (begun.current = text)} />}>
      <Palette begun={begun} onClosed={closeOverlay} />
    </Suspense>
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
      onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), closeOverlay())}
      className="fixed top-[min(12dvh,6rem)] left-1/2 z-50 min-h-11 w-[min(40rem,calc(100vw-1rem))] -translate-x-1/2 rounded-xl border border-line bg-raised px-12 text-sm shadow-float outline-none"
    />
  );
}
