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

describe.each([
  { language: "en", short: "420 ms", long: "1.8 s", thousands: "8K" },
  { language: "de", short: "420 ms", long: "1,8 s", thousands: "8.000" },
])("in $language", ({ language, short, long, thousands }) => {
  const plain = (text: string) => text.replaceAll("\u00a0", " ");

  it("durations bear the symbols of their units, apart from the number", () => {
    expect([420, 420.4, 1_800].map((ms) => plain(formatsFor(language).duration(ms)))).toEqual([short, short, long]);
  });

  it("a thousand is grouped as what stands in the same column is", () => {
    expect(formatsFor(language).compact(8_000)).toBe(thousands);
  });
});
