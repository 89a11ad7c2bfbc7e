import { describe, expect, it } from "vitest";
import type { Tokens } from "@/ui/counted";
import { MAX_DAYS, pointsOf, presetOf, presetRange, readBreakdown, readRange, topBars } from "./figures";

const tokens = (reported: number, estimated: number, missing: number): Tokens => ({
  tokens_in: 100,
  tokens_out: 10,
  reported_calls: reported,
  estimated_calls: estimated,
  missing_calls: missing,
});

describe("days", () => {
  it("fills days nobody wrote on", () => {
    const log = { days: [{ day: "2026-03-01", calls: 1, failed_calls: 0, tokens: tokens(1, 0, 0) }] };
    const points = pointsOf(log, "2026-02-27", "2026-03-02");
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
    expect(readRange("1990-01-01", "2026-11-23", "2026-11-23").from).toBe("2025-10-20");
  });

  it("has as many days at most as the server reads at once, both ends included", () => {
    const { from, to } = readRange("1990-01-01", "2026-11-23", "2026-11-23");
    expect(pointsOf({ days: [] }, from, to)).toHaveLength(MAX_DAYS);
    expect(readRange("2025-11-01", "2026-11-23", "2026-11-23").from).toBe("2025-11-01");
  });

  it("knows its presets", () => {
    expect(presetRange("last_month", "2026-03-31")).toEqual({ from: "2026-02-01", to: "2026-02-28" });
    expect(presetRange("last_month", "2026-01-15")).toEqual({ from: "2025-12-01", to: "2025-12-31" });
    expect(presetOf({ from: "2026-11-17", to: "2026-11-23" }, "2026-11-23")).toBe("week");
    expect(presetOf({ from: "2026-11-02", to: "2026-11-03" }, "2026-11-23")).toBeNull();
  });
});

describe("a breakdown", () => {
  it("is what the address says, or by model", () => {
    expect(readBreakdown("person")).toBe("person");
    expect(readBreakdown("everything")).toBe("model");
    expect(readBreakdown(null)).toBe("model");
  });

  it("shows the ten largest bars, the largest first", () => {
    const items = Array.from({ length: 14 }, (_, place) => ({ key: String(place), name: "", tokensIn: place % 7, tokensOut: place }));
    const bars = topBars(items);
    expect(bars).toHaveLength(10);
    expect(bars[0]?.key).toBe("13");
    expect(items[0]?.key).toBe("0");
  });
});
