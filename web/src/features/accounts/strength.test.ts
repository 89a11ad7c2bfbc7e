import { describe, expect, it } from "vitest";
import { estimate } from "./strength";

describe("the strength that is shown while one types", () => {
  it.each(["a harbour at night", "three grey gulls at noon", "kV9#tq2Lm!xZ"])("takes %s", (password) => {
    expect(estimate(password, ["Olga", "olga@example.com"])).toBeGreaterThanOrEqual(3);
  });

  it.each(["password1234", "qwertyuiop[]", "aaaaaaaaaaaa", "olgahafenbau", "Moorage2026!"])("warns of %s", (password) => {
    expect(estimate(password, ["Olga Hafenbau", "olgahafenbau@example.com"])).toBeLessThan(3);
  });
});
