import { describe, expect, it } from "vitest";
import { inAlphabet } from "./arrange";

describe("letters of another alphabet", () => {
  it("are those that Unicode has, also the ones it had before", () => {
    expect(inAlphabet("RAz1", "double-struck")).toBe("ℝ𝔸𝕫1");
    expect(inAlphabet("LAe", "script")).toBe("ℒ𝒜ℯ");
    expect(inAlphabet("gC", "fraktur")).toBe("𝔤ℭ");
    expect(inAlphabet("x", "bold")).toBe("x");
  });
});
