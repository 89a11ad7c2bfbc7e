// The reader of Markdown, in a chunk of its own that is asked for at once: a first visit shows where to write before it.
import { useSyncExternalStore } from "react";
import type * as Reader from "./reader";

let reader: typeof Reader | null = null;
const waiting = new Set<() => void>();

/** Resolves when it is here, or can't be had: texts then stay as they came. */
export const markedReady: Promise<void> = import("./reader").then(
  (loaded) => {
    reader = loaded;
    for (const tell of waiting) tell();
  },
  () => undefined,
);

/** The reader, null as long as it is on its way. */
export function markedNow(): typeof Reader | null {
  return reader;
}

function subscribe(tell: () => void): () => void {
  waiting.add(tell);
  return () => waiting.delete(tell);
}

/** As `markedNow`; renders again when it arrives. */
export function useMarked(): typeof Reader | null {
  return useSyncExternalStore(subscribe, markedNow, markedNow);
}
