import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatsFor } from "./format";

// A language of its own for each: formats are made once, for the zone that it is then.
describe.each([
  { zone: "Pacific/Tongatapu", language: "en", day: "Dec 1, 2026", noon: "Dec 2, 2026", midnight: "Dec 1, 2026" },
  { zone: "Pacific/Pago_Pago", language: "de", day: "01.12.2026", noon: "01.12.2026", midnight: "30.11.2026" },
])("in $zone", ({ zone, language, day, noon, midnight }) => {
  const here = process.env.TZ;
  beforeEach(() => {
    process.env.TZ = zone;
  });
  afterEach(() => {
    if (here === undefined) delete process.env.TZ;
    else process.env.TZ = here;
  });

  it("a day of the calendar is the one that is written: no budget comes back a day late", () => {
    expect(formatsFor(language).day("2026-12-01")).toBe(day);
  });

  it("a moment is on the day that it is here then", () => {
    expect(formatsFor(language).date("2026-12-01T12:00:00Z")).toBe(noon);
    expect(formatsFor(language).date("2026-12-01T00:00:00Z")).toBe(midnight);
  });
});
