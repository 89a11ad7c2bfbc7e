import { describe, expect, it } from "vitest";
import { canBeLast, endOf, lastDayOf, lastDays, toldEnd } from "./shareTerm";

const formats = { date: (iso: string) => `day ${iso}`, dateTime: (iso: string) => `moment ${iso}` };

describe("the last day of a share", () => {
  it("is shared to its end, here", () => {
    expect(endOf("2026-12-31")).toBe(new Date(2027, 0, 1).toISOString());
    expect(lastDayOf(endOf("2026-12-31"))).toBe("2026-12-31");
    expect(toldEnd(endOf("2026-12-31"), formats)).toBe("day 2026-12-31T12:00");
  });

  it("is told with its time where it ends within a day", () => {
    const noon = new Date(2026, 11, 31, 12).toISOString();
    expect(lastDayOf(noon)).toBe("2026-12-31");
    expect(toldEnd(noon, formats)).toBe(`moment ${noon}`);
  });

  it("lies between today and ten years from it", () => {
    const now = new Date(2026, 10, 28, 23, 59);
    expect(lastDays(now)).toEqual({ first: "2026-11-28", last: "2036-11-28" });
    for (const day of ["2026-11-28", "2028-02-29", "2036-11-28"]) expect(canBeLast(day, now), day).toBe(true);
    for (const day of ["2026-11-27", "2036-11-29", "", "0026-12-31", "2026-13-01"]) expect(canBeLast(day, now), day).toBe(false);
  });
});
