// What goes with the focus inside gives it back to where it came from: else the keyboard begins again at the top of the page.
import { type ReactNode, type RefObject, useLayoutEffect, useRef } from "react";

type Where = () => HTMLElement | null | undefined;

/** `to` must be stable, and stands before the place that the focus came from. */
export function useGivesFocusBack(ref: RefObject<HTMLElement | null>, to?: Where): void {
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return undefined;
    let before: HTMLElement | null = null;
    const onFocusIn = ({ relatedTarget }: FocusEvent): void => {
      if (relatedTarget instanceof HTMLElement && !box.contains(relatedTarget)) before = relatedTarget;
    };
    box.addEventListener("focusin", onFocusIn);
    return () => {
      box.removeEventListener("focusin", onFocusIn);
      // Asked before it leaves the page: afterwards the focus is nowhere.
      if (!box.contains(document.activeElement)) return;
      const home = box.closest<HTMLElement>("[role=dialog], [role=alertdialog]") ?? document.getElementById("main");
      (to?.() ?? before)?.focus();
      if (box.contains(document.activeElement)) home?.focus();
    };
  }, [ref, to]);
}

/** The same around what comes and goes within a page. */
export function GivesFocusBack({ to, children }: { to: Where; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useGivesFocusBack(box, to);
  return <div ref={box} className="contents">{children}</div>;
}
