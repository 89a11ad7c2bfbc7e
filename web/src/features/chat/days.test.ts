import { describe, expect, it } from "vitest";
import { contextSize } from "./contextSize";
import { byDay, groupOf } from "./days";

const now = new Date(2026, 10, 23, 9, 0);
const at = (...parts: [number, number, number, number]) => new Date(...parts).toISOString();

describe("the list of conversations", () => {
  it("is cut by the person's own midnight", () => {
    expect(groupOf(at(2026, 10, 23, 0), now)).toEqual({ kind: "today" });
    expect(groupOf(at(2026, 10, 22, 23), now)).toEqual({ kind: "yesterday" });
    expect(groupOf(at(2026, 10, 17, 12), now)).toEqual({ kind: "week" });
    expect(groupOf(at(2026, 9, 3, 12), now)).toMatchObject({ kind: "month", at: new Date(2026, 9).toISOString() });
  });

  it("keeps the server's order inside a day", () => {
    const line = (id: string, hour: number) => ({ id, title: id, updated_at: at(2026, 10, 23, hour), running: false, pinned: false, archived: false, shared: false, sealed_to: null });
    expect(byDay([line("b", 8), line("a", 3)], now).map((day) => day.lines.map((l) => l.id))).toEqual([["b", "a"]]);
  });
});

describe("a context length", () => {
  it("is said as people say it", () => {
    expect([512, 8192, 32_768, 131_072, 200_000, 1_000_000, 1_048_576].map(contextSize)).toEqual(["512", "8k", "32k", "128k", "200k", "1M", "1M"]);
  });
});
