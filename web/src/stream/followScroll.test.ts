import { describe, expect, it } from "vitest";
import { type FollowSignal, nextFollow, readKey, readScroll, readWheel } from "./followScroll";

describe("following the end of an answer", () => {
  it("ends when the reader scrolls back, and growth does not bring it back", () => {
    const signals: FollowSignal[] = [{ kind: "sent" }, { kind: "grew" }, { kind: "reader-left" }, { kind: "grew" }, { kind: "finished" }, { kind: "grew" }];
    let state = nextFollow("free", { kind: "sent" });
    for (const signal of signals) state = nextFollow(state, signal);
    expect(state).toBe("free");
  });

  it("starts again only by reaching the end or asking for the latest", () => {
    expect(nextFollow("free", { kind: "reader-reached-end" })).toBe("following");
    expect(nextFollow("free", { kind: "jumped-to-latest" })).toBe("following");
  });

  it("does not take being near the end for an intent", () => {
    expect(readScroll(500, 480, 4, true)).toEqual({ kind: "reader-left" });
    expect(readScroll(500, 500, 0, true)).toBeNull();
    expect(readScroll(400, 500, 0, false)).toBeNull();
  });

  it("knows the reader came down to the end", () => {
    expect(readScroll(400, 500, 10, true)).toEqual({ kind: "reader-reached-end" });
    expect(readScroll(400, 500, 300, true)).toBeNull();
  });

  it("leaves by wheel up and PageUp, but not by moving the caret in the message field", () => {
    expect(readWheel(-1)).toEqual({ kind: "reader-left" });
    expect(readWheel(10)).toBeNull();
    expect(readKey("PageUp", false)).toEqual({ kind: "reader-left" });
    expect(readKey("ArrowUp", true)).toBeNull();
  });
});
