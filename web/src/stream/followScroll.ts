// Whether the page follows the end of an answer. Only the reader's intent decides, never a distance alone.

export type FollowState = "following" | "free";

export type FollowSignal =
  /** The reader scrolled back, dragged, selected text, or pressed PageUp or Home. */
  | { kind: "reader-left" }
  /** The reader scrolled down and arrived at the end. */
  | { kind: "reader-reached-end" }
  | { kind: "jumped-to-latest" }
  | { kind: "sent" }
  /** Text arrived, or the answer finished: never a reason to change. */
  | { kind: "grew" }
  | { kind: "finished" };

export function nextFollow(state: FollowState, signal: FollowSignal): FollowState {
  switch (signal.kind) {
    case "reader-left":
      return "free";
    case "reader-reached-end":
    case "jumped-to-latest":
    case "sent":
      return "following";
    case "grew":
    case "finished":
      return state;
  }
}

const endZonePx = 32;

/** What a scroll event means. Only a reader's own scroll up leaves; only coming down into the end zone returns. */
export function readScroll(previousTop: number, top: number, distanceToEndPx: number, byReader: boolean): FollowSignal | null {
  if (byReader && top < previousTop) return { kind: "reader-left" };
  if (byReader && top > previousTop && distanceToEndPx <= endZonePx) return { kind: "reader-reached-end" };
  return null;
}

const leavingKeys = new Set(["PageUp", "Home", "ArrowUp"]);

/** Keys that take the reader back. Not while typing, where the same keys move the caret. */
export function readKey(key: string, isTyping: boolean): FollowSignal | null {
  return !isTyping && leavingKeys.has(key) ? { kind: "reader-left" } : null;
}

export function readWheel(deltaY: number): FollowSignal | null {
  return deltaY < 0 ? { kind: "reader-left" } : null;
}
