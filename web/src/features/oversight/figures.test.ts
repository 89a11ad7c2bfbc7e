import { describe, expect, it } from "vitest";
import { figure, pointsOf, presetOf, presetRange, readRange, reportedShare, sourceOf, type Tokens, type UsageLog } from "./figures";

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

describe("days", () => {
  it("fills days nobody wrote on", () => {
    const log = { kind: "byom", total: tokens(1, 0, 0), calls: 1, rows: [], days: [{ day: "2026-03-01", tokens: tokens(1, 0, 0) }] };
    const points = pointsOf(log as UsageLog, "2026-02-27", "2026-03-02");
    expect(points.map((point) => [point.day, point.tokensIn])).toEqual([
      ["2026-02-27", 0],
      ["2026-02-28", 0],
      ["2026-03-01", 100],
      ["2026-03-02", 0],
    ]);
  });

  it("reads a range from an address, whatever it says", () => {
    const month = { from: "2026-10-25", to: "2026-11-23" };
    expect(readRange(null, null, "2026-11-23")).toEqual(month);
    expect(readRange("nonsense", "2026-02-30", "2026-11-23")).toEqual(month);
    expect(readRange("2026-11-01", "2026-11-05", "2026-11-23")).toEqual({ from: "2026-11-01", to: "2026-11-05" });
    expect(readRange("2026-11-09", "2026-11-05", "2026-11-23")).toEqual({ from: "2026-11-05", to: "2026-11-05" });
    expect(readRange("1990-01-01", "2026-11-23", "2026-11-23").from).toBe("2025-11-23");
  });

  it("knows its presets", () => {
    expect(presetRange("last_month", "2026-03-31")).toEqual({ from: "2026-02-01", to: "2026-02-28" });
    expect(presetRange("last_month", "2026-01-15")).toEqual({ from: "2025-12-01", to: "2025-12-31" });
    expect(presetOf({ from: "2026-11-17", to: "2026-11-23" }, "2026-11-23")).toBe("week");
    expect(presetOf({ from: "2026-11-02", to: "2026-11-03" }, "2026-11-23")).toBeNull();
  });
});
