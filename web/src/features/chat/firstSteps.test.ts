import { beforeEach, describe, expect, it, vi } from "vitest";
import { readLeftOut, stepsOf, writeLeftOut } from "./firstSteps";

const nothingDone = { model: false, answer: false, colleague: false, factor: false };

describe("first steps", () => {
  it("stand in one order, with what is done ticked", () => {
    expect(stepsOf({ ...nothingDone, answer: true }, [])).toEqual([
      { id: "model", done: false },
      { id: "answer", done: true },
      { id: "colleague", done: false },
      { id: "factor", done: false },
    ]);
  });

  it("leave out what was left out, and what is not known", () => {
    expect(stepsOf({ model: true, answer: false, colleague: false }, ["colleague"]).map((step) => step.id)).toEqual(["model", "answer"]);
  });

  it("are gone once none is left to do", () => {
    expect(stepsOf({ model: true, answer: true, colleague: false, factor: true }, ["colleague"])).toEqual([]);
  });
});

describe("what somebody has left out", () => {
  const stored = new Map<string, string>();
  beforeEach(() => {
    stored.clear();
    vi.stubGlobal("localStorage", { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value) });
  });

  it("is kept for one person", () => {
    writeLeftOut("olga", ["factor"]);
    expect(readLeftOut("olga")).toEqual(["factor"]);
    expect(readLeftOut("adam")).toEqual([]);
  });

  it("is nothing where something else is stored", () => {
    for (const other of ["{}", "[1]", "no JSON"]) {
      stored.set("moorage.firstSteps.olga", other);
      expect(readLeftOut("olga")).toEqual([]);
    }
  });
});
