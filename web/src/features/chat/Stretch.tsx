// Some turns of a conversation that come and go together: out of sight they cost neither the browser nor React anything.
import { type ComponentProps, type CSSProperties, type ReactNode, useCallback, useMemo, useState } from "react";

const turnsInStretch = 20;

interface Span {
  key: number;
  /** Of the shown turns, the first, and the one after the last. */
  from: number;
  to: number;
}

/** Cut where the conversation is, whatever is shown of it, so that a turn stays in its own. `skipped`: turns before the first shown. */
export function stretchesOf(shown: number, skipped: number): Span[] {
  const spans: Span[] = [];
  for (let from = 0; from < shown;) {
    const key = Math.floor((skipped + from) / turnsInStretch);
    const to = Math.min(shown, (key + 1) * turnsInStretch - skipped);
    spans.push({ key, from, to });
    from = to;
  }
  return spans;
}

interface StretchProps {
  count: number;
  locked: boolean;
  /** All of it stands behind what is being edited. */
  isReplaced: boolean;
  rows: (locked: boolean) => ReactNode;
}

/** Each turn by itself would be asked in every frame whether it is in sight; of a thousand that is most of a frame's time. */
export function Stretch({ count, locked, isReplaced, rows }: StretchProps) {
  const [isNear, watch] = useNear();
  const [told, setTold] = useState(locked);
  // That versions stay as they are is told to eight buttons of each turn: to those that somebody can see. It is only how
  // they look; what they do asks for itself.
  if (isNear && told !== locked) setTold(locked);
  const turns = useMemo(() => rows(told), [rows, told]);
  return <StretchBox ref={watch} count={count} hidden={isReplaced}>{turns}</StretchBox>;
}

/** `hidden` in itself: with all of its turns hidden it would keep the height that it is remembered by. */
export function StretchBox({ count, ...rest }: ComponentProps<"div"> & { count: number }) {
  return <div {...rest} className="stretch" style={{ "--turns": count } as CSSProperties} />;
}

/** Whether an element is on the screen or within one of it; until the browser has told, it is. */
function useNear(): [boolean, (element: HTMLElement | null) => (() => void) | undefined] {
  const [isNear, setIsNear] = useState(true);
  const watch = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    const observer = new IntersectionObserver((entries) => setIsNear(entries.at(-1)?.isIntersecting ?? true), { rootMargin: "100%" });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [isNear, watch];
}
