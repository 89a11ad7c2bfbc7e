// A column follows the end of its own answer, until its reader scrolls back; each column for itself.
import { useCallback, useEffect, useRef } from "react";
import { type FollowSignal, type FollowState, nextFollow, readKey, readScroll, readWheel } from "@/stream/followScroll";

const readerMs = 800;

/** Put on the scrolling box. `isGrowing`: only then it is followed; afterwards it stays where its reader has it. */
export function useColumnFollow(isGrowing: boolean): (box: HTMLElement | null) => void {
  const box = useRef<HTMLElement | null>(null);
  const state = useRef<FollowState>("following");
  useEffect(() => {
    const element = box.current;
    if (!element || !isGrowing) return undefined;
    let top = element.scrollTop;
    let readerUntil = 0;
    const toEndPx = () => element.scrollHeight - element.clientHeight - element.scrollTop;
    const take = (signal: FollowSignal | null): void => void (signal && (state.current = nextFollow(state.current, signal)));
    const byReader = () => (readerUntil = performance.now() + readerMs);
    const handlers: [string, (event: never) => void][] = [
      ["wheel", (event: WheelEvent) => (byReader(), take(readWheel(event.deltaY)))],
      ["touchmove", byReader],
      ["pointerdown", byReader],
      ["keydown", (event: KeyboardEvent) => (byReader(), take(readKey(event.key, false)))],
      ["scroll", () => {
        take(readScroll(top, element.scrollTop, toEndPx(), performance.now() < readerUntil));
        top = element.scrollTop;
      }],
    ];
    for (const [name, handler] of handlers) element.addEventListener(name, handler as EventListener, { passive: true });
    const observer = new ResizeObserver(() => {
      if (state.current === "following") element.scrollTop = element.scrollHeight;
    });
    // What grows is what lies in the box, not the box.
    for (const child of element.children) observer.observe(child);
    return () => {
      for (const [name, handler] of handlers) element.removeEventListener(name, handler as EventListener);
      observer.disconnect();
    };
  }, [isGrowing]);
  return useCallback((element) => void (box.current = element), []);
}
