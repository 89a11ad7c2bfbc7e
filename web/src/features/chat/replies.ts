// The replies that are being written now. Turns attach and detach; leaving a page never ends a reply, only the reading of it.
import { useEffect, useSyncExternalStore } from "react";
import { type LiveSnapshot, LiveReply } from "@/stream/liveReply";
import { followEvents } from "@/stream/sse";
import { ProblemError, send } from "@/api/client";

interface Entry {
  live: LiveReply;
  readers: number;
  abort: AbortController | null;
}

export type OnOver = (live: LiveReply) => void;

/** Refused is final; anything a proxy or a restart may cause is worth another try. */
function isFinal(error: unknown): boolean {
  return error instanceof ProblemError && error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;
}

class LiveReplies {
  private readonly entries = new Map<string, Entry>();

  get(replyId: string): LiveReply {
    return this.entry(replyId).live;
  }

  attach(replyId: string, onOver: OnOver): () => void {
    const entry = this.entry(replyId);
    entry.readers += 1;
    if (!entry.abort) void this.follow(replyId, entry, onOver);
    return () => {
      entry.readers -= 1;
      if (entry.readers > 0) return;
      entry.abort?.abort();
      this.entries.delete(replyId);
    };
  }

  private entry(replyId: string): Entry {
    let entry = this.entries.get(replyId);
    if (!entry) this.entries.set(replyId, (entry = { live: new LiveReply(), readers: 0, abort: null }));
    return entry;
  }

  private async follow(replyId: string, entry: Entry, onOver: OnOver): Promise<void> {
    entry.abort = new AbortController();
    try {
      await followEvents({
        connect: (lastId, signal) =>
          send("GET", `/api/replies/${replyId}/events`, { signal, headers: { Accept: "text/event-stream", ...(lastId ? { "Last-Event-ID": lastId } : {}) } }),
        onEvent: (event) => entry.live.take(event),
        onState: (state) => entry.live.setLink(state),
        isFinal,
        signal: entry.abort.signal,
      });
    } catch (error) {
      entry.live.fail(error);
    }
    if (!entry.abort.signal.aborted) onOver(entry.live);
  }
}

const liveReplies = new LiveReplies();
const nothing = { subscribe: () => () => {}, read: () => null };

/** The running reply as it grows, or null when `replyId` is. `onOver` must be stable. */
export function useLiveReply(replyId: string | null, onOver: OnOver): LiveSnapshot | null {
  const source = replyId ? liveReplies.get(replyId) : nothing;
  useEffect(() => (replyId ? liveReplies.attach(replyId, onOver) : undefined), [replyId, onOver]);
  return useSyncExternalStore<LiveSnapshot | null>(source.subscribe, source.read);
}
