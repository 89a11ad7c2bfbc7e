import { describe, expect, it } from "vitest";
import { expiryOf, healthOf } from "./health";

const now = Date.parse("2026-11-23T12:00:00Z");

describe("a key's expiry", () => {
  it("lasts to the end of its day", () => {
    expect(expiryOf("2026-11-23", now)).toBe("soon");
    expect(expiryOf("2026-11-22", now)).toBe("over");
    expect(expiryOf(null, now)).toBe("none");
  });

  it("is soon from the day of the first reminder, 30 days before", () => {
    expect(expiryOf("2026-12-23", now)).toBe("soon");
    expect(expiryOf("2026-12-24", now)).toBe("later");
  });
});

describe("a connection's state", () => {
  const times = { health_since: "2026-11-23T11:00:00Z", last_good: "2026-11-22T11:00:00Z" };

  it("says since when it is as it is, and when it was last well if it is not", () => {
    expect(healthOf({ enabled: true, health: "unreachable", ...times })).toEqual({ word: "unreachable", tone: "danger", since: times.health_since, lastGood: times.last_good });
    expect(healthOf({ enabled: true, health: "healthy", ...times })).toMatchObject({ since: times.health_since, lastGood: null });
  });

  it("says that what was lost has to be entered, even while it is paused", () => {
    expect(healthOf({ enabled: false, health: "needs_key", ...times })).toMatchObject({ word: "needs_key", tone: "danger" });
  });

  it("says paused before anything else", () => {
    expect(healthOf({ enabled: false, health: "unreachable", ...times })).toMatchObject({ word: "paused", since: null, lastGood: null });
  });
});
