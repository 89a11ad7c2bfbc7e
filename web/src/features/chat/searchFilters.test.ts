import { describe, expect, it } from "vitest";
import { narrowing, readFilters, writeFilters } from "./searchFilters";

const person = "019ad0c0-0000-7000-8000-000000000001";

describe("filters of a search", () => {
  it("go into the address and come back, beside what else is there", () => {
    const filters = { model: "standard:rack/a b", with: person, from: "2026-11-01", to: "2026-11-28" };
    const written = new URLSearchParams(writeFilters(new URLSearchParams("model=byom:1&find_with=x"), filters));
    expect(written.get("model")).toBe("byom:1");
    expect(readFilters(written)).toEqual(filters);
    expect(writeFilters(written, {})).toBe("model=byom%3A1");
  });

  it("are left out where somebody wrote what can be none", () => {
    expect(readFilters(new URLSearchParams("find_with=mia&find_from=yesterday&find_to=2026-13-01&find_model="))).toEqual({});
    for (const day of ["0002-05-01", "9990-01-01", "20261-05-01"]) expect(readFilters(new URLSearchParams({ find_to: day })), day).toEqual({});
    expect(readFilters(new URLSearchParams({ find_to: "9989-12-31" }))).toEqual({ to: "9989-12-31" });
  });

  it("ask for whole days where the reader is", () => {
    const { since, until } = narrowing({ from: "2026-11-28", to: "2026-11-30" });
    expect(since).toBe(new Date(2026, 10, 28).toISOString());
    expect(until).toBe(new Date(2026, 11, 1).toISOString());
    expect(narrowing({})).toEqual({});
    expect(narrowing({ model: "m", with: person })).toEqual({ answered_by: "m", shared_with: person });
  });
});
