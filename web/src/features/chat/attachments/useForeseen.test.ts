import { describe, expect, it } from "vitest";
import type { Withheld } from "./kinds";
import { isSaid } from "./useForeseen";

const withheld = (part: Partial<Withheld>): Withheld => ({ messages: 0, from_id: null, files: [], is_too_long: false, ...part });
const picture = { id: "p", name: "x.png", why: "no_images" } as const;

describe("what a receipt says already", () => {
  it("is not told again", () => {
    expect(isSaid(withheld({ messages: 4, files: [picture] }), withheld({ messages: 4, files: [picture] }))).toBe(true);
    expect(isSaid(withheld({ messages: 4 }), withheld({ messages: 2 }))).toBe(true);
  });

  it("is not all, where more is left out now", () => {
    expect(isSaid(null, withheld({ messages: 1 }))).toBe(false);
    expect(isSaid(withheld({ messages: 2 }), withheld({ messages: 4 }))).toBe(false);
    expect(isSaid(withheld({ messages: 2 }), withheld({ messages: 2, files: [picture] }))).toBe(false);
    expect(isSaid(withheld({ files: [{ ...picture, why: "too_large" }] }), withheld({ files: [picture] }))).toBe(false);
  });

  it("never says that words are too long", () => {
    expect(isSaid(withheld({ is_too_long: true }), withheld({ is_too_long: true }))).toBe(false);
  });
});
