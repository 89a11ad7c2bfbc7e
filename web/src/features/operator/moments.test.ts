import { describe, expect, it } from "vitest";
import { toLocal, toMoment } from "./moments";

describe("moments of an announcement", () => {
  it("come back as they were typed, in whatever zone the browser is", () => {
    for (const typed of ["2026-11-27T18:20", "2026-03-29T03:30", "2026-01-01T00:00", "2026-12-31T23:59"]) expect(toLocal(new Date(toMoment(typed)))).toBe(typed);
  });

  it("are told to the server with their zone, and what is none not at all", () => {
    expect(toMoment("2026-11-27T18:20")).toMatch(/^2026-11-2\dT\d\d:20:00.000Z$/);
    expect([toMoment(""), toMoment("tomorrow")]).toEqual(["", ""]);
  });
});
