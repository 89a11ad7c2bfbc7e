import { describe, expect, it } from "vitest";
import { safeNext } from "./useEntry";

describe("where a person goes after signing in", () => {
  it("is the page of this app they came for", () => {
    expect(safeNext("/c/1?x=2#m-3")).toBe("/c/1?x=2#m-3");
    expect(safeNext("/invite")).toBe("/invite");
  });

  it.each([null, "", "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/a\\..\\b", "evil"])(
    "is the start page for %s", (next) => {
      expect(safeNext(next)).toBe("/");
    },
  );
});
