// Reads text/event-stream over fetch, so that POST, cookies and headers work, and reconnects from the last event id.
import { createParser } from "eventsource-parser";

export interface SseEvent {
  id: string | undefined;
  event: string;
  data: string;
}

/** Hands every event of one answer to `onEvent`, in order; returns when the body ends, throws when it breaks. */
export async function readEvents(response: Response, onEvent: (event: SseEvent) => void): Promise<void> {
  if (!response.body) throw new Error("the answer has no body");
  const parser = createParser({ onEvent: (e) => onEvent({ id: e.id, event: e.event ?? "message", data: e.data }) });
  // One decoder for the whole body: a character may be cut in two by a network packet.
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

export type LinkState = "open" | "reconnecting";

export interface FollowOptions {
  /** Makes one attempt; gets the id to resume from. Throwing an error for which `isFinal` is true ends everything. */
  connect: (lastEventId: string | undefined, signal: AbortSignal) => Promise<Response>;
  /** Returns true when this was the last event. */
  onEvent: (event: SseEvent) => boolean;
  onState?: (state: LinkState) => void;
  isFinal: (error: unknown) => boolean;
  signal: AbortSignal;
  /** Injected in tests. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const firstDelayMs = 250;
const maxDelayMs = 5_000;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    // The network is back: no reason to wait longer.
    addEventListener("online", done);
  });
}

/** Follows a stream until its last event. Every broken connection is taken up again from the last id that arrived. */
export async function followEvents(options: FollowOptions): Promise<void> {
  const { connect, onEvent, onState, isFinal, signal, wait = pause } = options;
  let lastId: string | undefined;
  let delayMs = firstDelayMs;
  let ended = false;
  while (!signal.aborted && !ended) {
    try {
      const response = await connect(lastId, signal);
      onState?.("open");
      await readEvents(response, (event) => {
        if (ended) return;
        if (event.id !== undefined) lastId = event.id;
        delayMs = firstDelayMs;
        ended = onEvent(event);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error)) throw error;
    }
    if (signal.aborted || ended) return;
    onState?.("reconnecting");
    await wait(delayMs, signal);
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  }
}
