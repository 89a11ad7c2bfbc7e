// One reply while it is being written: a buffer that fills at network speed and a snapshot that changes at reading speed.
import type { Schemas } from "@/api/client";
import { addPieces, type Beside } from "./beside";
import { type Blocks, Splitter } from "./blocks";
import type { LinkState, SseEvent } from "./sse";

export type Receipt = Schemas["Receipt"];

export interface LiveSnapshot extends Blocks {
  readonly reasoning: string;
  /** Calls and sources that came so far. */
  readonly beside: Beside | null;
  /** When its first thought came, by the frames' clock; null if that was before this reader was there. */
  readonly thinkingSince: number | null;
  /** From then to its first word. */
  readonly thoughtMs: number | null;
  readonly link: LinkState;
  /** Set once the reply is over. */
  readonly receipt: Receipt | null;
  /** Set when the stream itself was refused; the reply's own failures are in the receipt. */
  readonly error: unknown;
}

export interface Frames {
  now: () => number;
  /** Calls back before the next paint, but no earlier than in `afterMs`. Returns a way to cancel. */
  next: (callback: () => void, afterMs: number) => () => void;
}

const flushEveryMs = 40;
const maxFlushEveryMs = 250;
// A commit may take a sixth of the time between two commits, so that typing stays smooth on slow machines.
const costShare = 6;

export const browserFrames: Frames = {
  now: () => performance.now(),
  next: (callback, afterMs) => {
    let frame = 0;
    const timer = setTimeout(() => (frame = requestAnimationFrame(callback)), Math.max(0, afterMs - 8));
    return () => (clearTimeout(timer), cancelAnimationFrame(frame));
  },
};

const empty: LiveSnapshot = { settled: [], tail: [], reasoning: "", beside: null, thinkingSince: null, thoughtMs: null, link: "open", receipt: null, error: null };

/** Takes the events of one reply; tells its one subscriber at most every 40 ms. */
export class LiveReply {
  private readonly splitter = new Splitter();
  private readonly listeners = new Set<() => void>();
  private snapshot: LiveSnapshot = empty;
  private bufferedText = "";
  private bufferedReasoning = "";
  private beside: Beside | null = null;
  private thinkingSince: number | null = null;
  private thoughtMs: number | null = null;
  private cancelFlush: (() => void) | null = null;
  private lastCommitAt = -Infinity;
  private lastCostMs = 0;
  private whole = "";

  private readonly frames: Frames;

  constructor(frames: Frames = browserFrames) {
    this.frames = frames;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): LiveSnapshot => this.snapshot;

  /** Everything that has arrived, for copying and for the cache. */
  get text(): string {
    return this.whole;
  }

  get reasoning(): string {
    return this.snapshot.reasoning + this.bufferedReasoning;
  }

  /** Returns true when this was the last event of the reply. */
  take(event: SseEvent): boolean {
    if (event.event === "snapshot") {
      const data = JSON.parse(event.data) as Schemas["SnapshotEvent"];
      this.splitter.reset();
      this.whole = data.text;
      this.bufferedText = data.text;
      this.bufferedReasoning = "";
      this.beside = data.beside ?? null;
      this.commit({ reasoning: data.reasoning });
    } else if (event.event === "delta") {
      const data = JSON.parse(event.data) as Schemas["DeltaEvent"];
      this.whole += data.text ?? "";
      this.bufferedText += data.text ?? "";
      this.bufferedReasoning += data.reasoning ?? "";
      if (data.beside) this.beside = addPieces(this.beside, data.beside);
      this.watchThinking(data);
      this.schedule();
    } else if (event.event === "end") {
      const { receipt } = JSON.parse(event.data) as Schemas["EndEvent"];
      this.commit({ receipt });
      return true;
    }
    return false;
  }

  setLink(link: LinkState): void {
    if (link !== this.snapshot.link) this.commit({ link });
  }

  fail(error: unknown): void {
    this.commit({ error });
  }

  private watchThinking({ text, reasoning }: Schemas["DeltaEvent"]): void {
    if (this.thinkingSince === null) {
      if (reasoning && this.snapshot.reasoning === "") this.thinkingSince = this.frames.now();
    } else if (text && this.thoughtMs === null) {
      this.thoughtMs = this.frames.now() - this.thinkingSince;
    }
  }

  private schedule(): void {
    if (this.cancelFlush) return;
    const everyMs = Math.min(maxFlushEveryMs, Math.max(flushEveryMs, this.lastCostMs * costShare));
    const dueInMs = this.lastCommitAt + everyMs - this.frames.now();
    this.cancelFlush = this.frames.next(() => this.commit({}), Math.max(0, dueInMs));
  }

  private commit(change: Partial<LiveSnapshot>): void {
    this.cancelFlush?.();
    this.cancelFlush = null;
    const startedAt = this.frames.now();
    const blocks = this.splitter.append(this.bufferedText);
    const reasoning = this.snapshot.reasoning + this.bufferedReasoning;
    this.bufferedText = "";
    this.bufferedReasoning = "";
    const { beside, thinkingSince, thoughtMs } = this;
    this.snapshot = { ...this.snapshot, ...blocks, reasoning, beside, thinkingSince, thoughtMs, ...change };
    for (const listener of this.listeners) listener();
    this.lastCommitAt = this.frames.now();
    this.lastCostMs = this.lastCommitAt - startedAt;
  }
}
