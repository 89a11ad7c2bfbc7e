import { describe, expect, it } from "vitest";
import { outsideOf } from "./seal";

const early = "2026-11-01T10:00:00.000000Z";
const late = "2026-11-02T10:00:00.000000Z";

describe("a model is outside of a seal", () => {
  it("when its zone is not named", () => {
    expect(outsideOf({ zones: ["own_hardware"], since: early }, { zone: "router", zone_since: null })).toBe("outside");
    expect(outsideOf({ zones: ["own_hardware"], since: early }, { zone: "unstated", zone_since: null })).toBe("outside");
    expect(outsideOf({ zones: [], since: early }, { zone: "own_hardware", zone_since: null })).toBe("outside");
  });

  it("when its zone was said anew after the sealing", () => {
    expect(outsideOf({ zones: ["own_hardware"], since: early }, { zone: "own_hardware", zone_since: late })).toBe("restated");
    expect(outsideOf({ zones: ["own_hardware"], since: late }, { zone: "own_hardware", zone_since: early })).toBeNull();
  });

  it("never where there is no seal, or nothing is sent", () => {
    expect(outsideOf({ zones: null, since: null }, { zone: "unstated", zone_since: late })).toBeNull();
    expect(outsideOf({ zones: ["own_hardware"], since: early }, { zone: "scripted", zone_since: null })).toBeNull();
  });
});
