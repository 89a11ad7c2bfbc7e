// One answer at a time, where there is no room for two or one was made large: turned by a tab or by a swipe, never stored.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";

/** Below this two don't fit beside each other. */
const twoFitRem = 37;
/** Where no `scrollend` is told, a scroll has ended when nothing came for so long. */
const quietMs = 140;

export interface OneAtATime {
  /** Put on the box of the columns, which scrolls sideways. */
  columns: RefObject<HTMLDivElement | null>;
  isNarrow: boolean;
  /** One was made large though there is room for more. */
  isLarge: boolean;
  /** The place of the one that is shown. */
  picked: number;
  /** Turns to a place. */
  turnTo: (place: number) => void;
  /** Makes one large, and puts them side by side again. Stable. */
  toggle: (place: number) => void;
}

export function useOneAtATime(section: RefObject<HTMLElement | null>): OneAtATime {
  const columns = useRef<HTMLDivElement>(null);
  const [isNarrow, setNarrow] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const [picked, setPicked] = useState(0);
  const isOne = isNarrow || isAsked;
  const isLarge = isAsked && !isNarrow;
  const shown = useRef(picked);
  useLayoutEffect(() => void (shown.current = picked), [picked]);
  const becomeNarrow = useCallback((narrow: boolean) => {
    const at = Array.from(columns.current?.children ?? []).findIndex((child) => child.contains(document.activeElement));
    // Whoever is in the middle of one goes on with that one.
    if (narrow && at !== -1) setPicked(at);
    setNarrow(narrow);
  }, []);
  useNarrow(columns, becomeNarrow);

  // Where one of them came to stand alone, it is the picked one; without a movement, for nobody turned.
  useLayoutEffect(() => {
    if (isOne) scrollToPlace(columns.current, shown.current, "instant");
  }, [isOne]);
  useEffect(() => {
    const box = columns.current;
    if (!box || !isOne) return undefined;
    return onScrollEnd(box, () => {
      const place = nearest(box);
      if (place === shown.current) return;
      // At once: what is still turned away takes no focus.
      flushSync(() => setPicked(place));
      // The keyboard goes along, and so does the page: a shorter answer would leave the reader below it.
      if (box.contains(document.activeElement)) box.children[place]?.querySelector<HTMLElement>("[tabindex]")?.focus({ preventScroll: true });
      if (section.current && section.current.getBoundingClientRect().top < 0) section.current.scrollIntoView({ block: "start", behavior: "instant" });
    });
  }, [isOne, section]);

  // Esc puts them side by side again before it stops anything; a popup that is open, or a box one writes in, has it first.
  useEffect(() => {
    if (!isLarge) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      const isHere = event.target === document.body || (event.target instanceof Node && section.current?.contains(event.target));
      if (!isHere || event.isComposing || event.key !== "Escape" || document.querySelector("[role=dialog], [role=menu], [role=listbox], [data-target]")) return;
      event.preventDefault();
      setAsked(false);
      // The tabs go; the button that made it large stays.
      columns.current?.children[shown.current]?.querySelector<HTMLElement>("[data-large-switch]")?.focus();
    };
    addEventListener("keydown", onKey, { capture: true });
    return () => removeEventListener("keydown", onKey, { capture: true });
  }, [isLarge, section]);

  const turnTo = useCallback((place: number) => {
    setPicked(place);
    scrollToPlace(columns.current, place, matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth");
  }, []);
  const toggle = useCallback((place: number) => {
    setPicked(place);
    setAsked((was) => !was);
  }, []);
  return { columns, isNarrow, isLarge, picked, turnTo, toggle };
}

function useNarrow(columns: RefObject<HTMLElement | null>, onKnown: (isNarrow: boolean) => void): void {
  useLayoutEffect(() => {
    const box = columns.current;
    if (!box) return undefined;
    const measure = () => onKnown(box.getBoundingClientRect().width < twoFitRem * parseFloat(getComputedStyle(document.documentElement).fontSize));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [columns, onKnown]);
}

function scrollToPlace(box: HTMLElement | null, place: number, behavior: ScrollBehavior): void {
  const target = box?.children[place];
  if (box && target instanceof HTMLElement) box.scrollTo({ left: target.offsetLeft, behavior });
}

function nearest(box: HTMLElement): number {
  const away = Array.from(box.children, (child) => Math.abs((child as HTMLElement).offsetLeft - box.scrollLeft));
  return Math.max(0, away.indexOf(Math.min(...away)));
}

/** While a finger is on it nothing changes below it: the height goes with the one that is shown. */
function onScrollEnd(box: HTMLElement, then: () => void): () => void {
  // What scrolls within a column is not the columns.
  const take = (event: Event): void => void (event.target === box && then());
  if ("onscrollend" in window) {
    box.addEventListener("scrollend", take);
    return () => box.removeEventListener("scrollend", take);
  }
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(then, quietMs) as unknown as number;
  };
  (box as HTMLElement).addEventListener("scroll", wait, { passive: true });
  return () => {
    clearTimeout(timer);
    (box as HTMLElement).removeEventListener("scroll", wait);
  };
}
