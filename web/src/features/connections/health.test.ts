import { describe, expect, it } from "vitest";
import { expiryOf, healthOf } from "./health";
import { STAGES } from "./stages";
import type { StageView } from "./types";

const now = Date.parse("2026-11-23T12:00:00Z");

describe("a key's expiry", () => {
  it("lasts to the end of its day", () => {
    expect(expiryOf("2026-11-23", now)).toBe("soon");
    expect(expiryOf("2026-11-22", now)).toBe("over");
    expect(expiryOf("2026-12-06", now)).toBe("soon");
    expect(expiryOf("2026-12-08", now)).toBe("later");
    expect(expiryOf(null, now)).toBe("none");
  });
});

describe("a connection's state", () => {
  const stages = STAGES.map((stage): StageView => ({ stage, state: stage === "tls" ? "failed" : "passed", code: null, message: "", facts: {}, ms: 1 }));

  it("names the stage at which the last test stopped", () => {
    const health = healthOf({ enabled: true, health: "unreachable", last_test: { at: "2026-11-23T11:00:00Z", passed: false, stages } });
    expect(health).toEqual({ word: "unreachable", tone: "danger", stoppedAt: "tls", testedAt: "2026-11-23T11:00:00Z" });
  });

  it("says paused before anything else", () => {
    expect(healthOf({ enabled: false, health: "unreachable", last_test: null }).word).toBe("paused");
  });
});
