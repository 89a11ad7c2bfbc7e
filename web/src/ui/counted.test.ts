import { describe, expect, it } from "vitest";
import { failedShare, figure, rateText, reportedShare, sourceOf, type Tokens } from "./counted";

const tokens = (reported: number, estimated: number, missing: number): Tokens => ({
  tokens_in: 100,
  tokens_out: 10,
  reported_calls: reported,
  estimated_calls: estimated,
  missing_calls: missing,
});

describe("where a figure comes from (P16)", () => {
  it("never shows a zero for calls nobody counted", () => {
    expect(figure(0, { ...tokens(0, 0, 9), tokens_in: 0 }, String)).toBe("–");
    expect(figure(0, { ...tokens(0, 0, 0), tokens_in: 0 }, String)).toBe("0");
  });

  it("marks every sum that contains an estimate", () => {
    expect(figure(100, tokens(3, 0, 0), String)).toBe("100");
    expect(figure(100, tokens(3, 1, 0), String)).toBe("~100");
    expect(figure(100, tokens(0, 1, 0), String)).toBe("~100");
    expect(figure(100, tokens(3, 0, 5), String)).toBe("100");
  });

  it("names the source of a sum", () => {
    expect(sourceOf(tokens(0, 0, 0))).toBe("none");
    expect(sourceOf(tokens(1, 0, 0))).toBe("reported");
    expect(sourceOf(tokens(1, 0, 1))).toBe("reported");
    expect(sourceOf(tokens(0, 1, 1))).toBe("estimated");
    expect(sourceOf(tokens(1, 1, 0))).toBe("mixed");
    expect(sourceOf(tokens(0, 0, 1))).toBe("missing");
  });

  it("counts missing calls against the reported share", () => {
    expect(reportedShare(tokens(28, 0, 12))).toBe(0.7);
    expect(reportedShare(tokens(0, 0, 0))).toBeNull();
  });
});

describe("a share", () => {
  it("of failures is none where nothing was asked", () => {
    expect(failedShare({ calls: 0, failed_calls: 0 })).toBeNull();
    expect(failedShare({ calls: 4, failed_calls: 1 })).toBe(0.25);
    expect(rateText("en", null)).toBe("–");
  });

  it("rounds neither a few failures to none nor almost all reports to all", () => {
    expect(rateText("en", 1 / 9000)).toBe("0.1%");
    expect(rateText("en", 8999 / 9000)).toBe("99.9%");
    expect(rateText("en", 0)).toBe("0%");
    expect(rateText("en", 1)).toBe("100%");
    expect(rateText("en", 0.25)).toBe("25%");
  });
});
