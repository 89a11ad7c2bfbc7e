import { expect, it } from "vitest";
import { pointsOfUses, totalOf } from "./keyUses";

it("gives every day of the last thirty, in order, quiet ones too", () => {
  const points = pointsOfUses([{ day: "2026-11-26", uses: { reply: 3, test: 1 } }], "2026-11-27");
  expect(points).toHaveLength(30);
  expect(points[0]?.day).toBe("2026-10-29");
  expect(points.at(-1)).toEqual({ day: "2026-11-27", reply: 0, title: 0, test: 0, discovery: 0, check: 0, resealing: 0 });
  expect(points.map(totalOf).filter(Boolean)).toEqual([4]);
});
