// Binds the follow-scroll rules to the page's own scrolling.
import { useCallback, useEffect, useRef, useState } from "react";
import { type FollowSignal, type FollowState, nextFollow, readKey, readScroll, readWheel } from "@/stream/followScroll";

const isTypingIn = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);
const page = () => document.documentElement;
const toEndPx = () => page().scrollHeight - page().clientHeight - page().scrollTop;

export interface Follow {
  /** Put on the element that grows. */
  grows: (element: HTMLElement | null) => void;
  signal: (signal: FollowSignal) => void;
  /** The end is out of sight and nobody follows it. */
  isBehind: boolean;
  jump: () => void;
}

export function useFollow(): Follow {
  const state = useRef<FollowState>("following");
  const [isBehind, setIsBehind] = useState(false);
  const lookAgain = useCallback(() => setIsBehind(state.current === "free" && toEndPx() > 120), []);
  const signal = useCallback((s: FollowSignal) => {
    state.current = nextFollow(state.current, s);
    lookAgain();
  }, [lookAgain]);
  const toEnd = useCallback(() => scrollTo({ top: page().scrollHeight }), []);
  const jump = useCallback(() => {
    signal({ kind: "jumped-to-latest" });
    toEnd();
  }, [signal, toEnd]);

  useEffect(() => {
    let top = page().scrollTop;
    let readerUntil = 0;
    const byReader = () => (readerUntil = performance.now() + 800);
    const handlers: [keyof WindowEventMap, (event: never) => void][] = [
      ["wheel", (e: WheelEvent) => (byReader(), apply(readWheel(e.deltaY)))],
      ["touchmove", byReader],
      ["pointerdown", byReader],
      ["keydown", (e: KeyboardEvent) => (byReader(), apply(readKey(e.key, isTypingIn(e.target))))],
      // Whoever unfolds something wants to read it: the end must not pull the page away.
      ["click", (e: MouseEvent) => e.target instanceof Element && e.target.closest("[data-thread] summary") && signal({ kind: "reader-left" })],
      ["scroll", () => {
        const now = page().scrollTop;
        apply(readScroll(top, now, toEndPx(), performance.now() < readerUntil));
        top = now;
        lookAgain();
      }],
    ];
    const apply = (s: FollowSignal | null): void => void (s && signal(s));
    const onSelect = (): void => {
      const selection = document.getSelection();
      const isInThread = selection?.anchorNode?.parentElement?.closest("[data-thread]");
      if (selection && !selection.isCollapsed && isInThread) signal({ kind: "reader-left" });
    };
    for (const [name, handler] of handlers) addEventListener(name, handler as EventListener, { passive: true });
    document.addEventListener("selectionchange", onSelect);
    return () => {
      for (const [name, handler] of handlers) removeEventListener(name, handler as EventListener);
      document.removeEventListener("selectionchange", onSelect);
    };
  }, [signal, lookAgain]);

  const observer = useRef<ResizeObserver | null>(null);
  const grows = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new ResizeObserver(() => {
      if (state.current === "following") toEnd();
      else lookAgain();
    });
    observer.current.observe(element);
  }, [toEnd, lookAgain]);
  return { grows, signal, isBehind, jump };
}
