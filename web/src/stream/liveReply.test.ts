import { describe, expect, it } from "vitest";
import { type Frames, LiveReply } from "./liveReply";

class HandFrames implements Frames {
  time = 0;
  waiting: { at: number; run: () => void }[] = [];
  readonly now = (): number => this.time;
  readonly next = (run: () => void, afterMs: number): (() => void) => {
    const entry = { at: this.time + afterMs, run };
    this.waiting.push(entry);
    return () => (this.waiting = this.waiting.filter((other) => other !== entry));
  };
  advance(ms: number): void {
    this.time += ms;
    for (const entry of this.waiting.filter((e) => e.at <= this.time)) entry.run();
  }
}

const delta = (text: string) => ({ id: "1", event: "delta", data: JSON.stringify({ text, reasoning: "" }) });

describe("a reply that is being written", () => {
  it("tells its reader once per interval, however many tokens arrive", () => {
    const frames = new HandFrames();
    const live = new LiveReply(frames);
    let told = 0;
    live.subscribe(() => (told += 1));
    for (let token = 0; token < 200; token += 1) {
      live.take(delta("word "));
      frames.advance(1);
    }
    frames.advance(40);
    expect(told).toBeGreaterThan(2);
    expect(told).toBeLessThanOrEqual(7);
    expect(live.read().tail.join("")).toBe("word ".repeat(200));
  });

  it("replaces what it has when the server sends the whole text again", () => {
    const live = new LiveReply(new HandFrames());
    live.take(delta("half of"));
    live.take({ id: "9", event: "snapshot", data: JSON.stringify({ text: "the whole", reasoning: "because" }) });
    expect(live.read()).toMatchObject({ settled: [], tail: ["the whole"], reasoning: "because" });
    expect(live.text).toBe("the whole");
  });

  it("shows everything at once when it ends, buffered words included", () => {
    const live = new LiveReply(new HandFrames());
    live.take(delta("last words"));
    expect(live.take({ id: "2", event: "end", data: JSON.stringify({ receipt: { state: "stopped" } }) })).toBe(true);
    expect(live.read()).toMatchObject({ tail: ["last words"], receipt: { state: "stopped" } });
  });
});
