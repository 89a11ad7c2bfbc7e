import { describe, expect, it } from "vitest";
import { isOpen, withClosed } from "./closed";

const told = { id: "a", edition: 1 };

describe("what somebody has closed", () => {
  it("stays closed until it is changed", () => {
    const closed = withClosed({}, told, [told]);
    expect(isOpen(closed, told)).toBe(false);
    expect(isOpen(closed, { ...told, edition: 2 })).toBe(true);
    expect(isOpen(closed, { id: "b", edition: 1 })).toBe(true);
  });

  it("is forgotten when it is over, so that it never grows", () => {
    expect(withClosed({ old: 3, b: 1 }, told, [told, { id: "b", edition: 1 }])).toEqual({ b: 1, a: 1 });
  });
});
