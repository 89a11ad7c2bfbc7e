// A formula. Its source stands there as text until its block is settled; then it is set. What can't be set stays text, marked.
import { CircleAlert } from "lucide-react";
import { createContext, type RefObject, useContext, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Formula as Found } from "@/stream/formulas";
import { cx } from "@/ui/cx";
import { whenIdle } from "../whenIdle";

/** Whether no later word can change the block: half of a formula is never set. */
export const IsSettled = createContext(true);

type Fate = "source" | "set" | "bad";

/** Sets it in a free moment. Must not be given another formula: it gets another key. */
export function Formula({ raw, tex, display }: Found) {
  const { t } = useTranslation("chat");
  const place = useRef<HTMLSpanElement>(null);
  const [fate, setFate] = useState<Fate>("source");
  const isSettled = useContext(IsSettled);
  useEffect(() => {
    if (!isSettled) return undefined;
    let isHere = true;
    const cancel = whenIdle(() => {
      // Without the code for it a formula stays what it is.
      void import("./setFormula").then(({ setFormula }) => isHere && place.current && setFate(setFormula(place.current, tex, display) ? "set" : "bad"), () => undefined);
    });
    return () => {
      isHere = false;
      cancel();
    };
  }, [isSettled, tex, display]);
  const isLong = useIsLong(place, fate === "set");
  const source = raw.trim();
  return (
    <>
      {fate === "set" ? null : <code className={cx("whitespace-pre-wrap", fate === "bad" && "formula-bad")}>{source}</code>}
      {fate === "bad" ? <CircleAlert role="img" aria-label={t("formula.bad")} className="ml-1 inline size-3.5 align-baseline text-muted"><title>{t("formula.bad")}</title></CircleAlert> : null}
      <span
        ref={place}
        hidden={fate !== "set"}
        data-tex={fate === "set" ? source : undefined}
        className={cx("formula", display && "formula-display", isLong && "formula-long")}
        // What scrolls must be reachable, or the keyboard can't scroll it.
        {...(isLong ? { role: "group", "aria-label": t("formula.long"), tabIndex: 0 } : {})}
      />
    </>
  );
}

/** Whether it is wider than the text it stands in. */
function useIsLong(place: RefObject<HTMLElement | null>, isSet: boolean): boolean {
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    const around = place.current?.parentElement?.closest("p, li, td, th, blockquote, h3, h4, h5, h6, div");
    const math = place.current?.querySelector("math");
    if (!isSet || !around || !math) return undefined;
    // The width of what it stands in doesn't follow from what is found here, so this comes to rest.
    const observer = new ResizeObserver(() => setIsLong(math.getBoundingClientRect().width > around.clientWidth + 1));
    observer.observe(around);
    return () => observer.disconnect();
  }, [place, isSet]);
  return isLong;
}
