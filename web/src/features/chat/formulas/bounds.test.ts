import { describe, expect, it } from "vitest";
import { isBounded, isShallow } from "./bounds";

const doubling = `\\def\\x#1{${"#1".repeat(600)}}\\def\\y#1{\\x{${"#1".repeat(600)}}}\\y{${"a".repeat(600)}}`;

describe("a formula that could grow without end", () => {
  it.each([
    doubling,
    ...["def", "gdef", "edef", "xdef", "let", "futurelet", "global", "long", "newcommand", "renewcommand", "providecommand"].map((name) => `x\\${name}\\y{z}`),
    "\\newcommand{\\y}[1]{#1#1}",
    "\\let1=2",
    "\\\\\\def\\x{y}",
    "\\text{\\def\\x{y}}",
    "\\show\\x",
    "\\begin{alignedat}{99999999}a&b\\end{alignedat}",
    "\\begin {alignat*} {100}a&b\\end{alignat*}",
    "\\begin{alignedat}\\relax{2}a&b\\end{alignedat}",
    "\\begin{alig\\char`nedat}{99999999}a&b\\end{alignedat}",
    "\\begin\\bgroup alignedat}{99999999}a&b\\end{alignedat}",
    "\\begin%\n{alignedat}{99999999}a&b\\end{alignedat}",
    "\\expandafter\\begin\\ne",
    `${"{".repeat(61)}x${"}".repeat(61)}`,
    "\\frac1".repeat(1_000),
  ])("is not set: %j", (tex) => {
    expect(isBounded(tex)).toBe(false);
  });

  it.each([
    "\\frac{1}{2}\\left(x\\right)",
    "a \\\\let b \\\\ \\definitely \\letter \\long@x \\longrightarrow \\Longrightarrow",
    "\\begin{aligned} a &= b \\end{aligned} \\begin{pmatrix*}[r] 1 \\end{pmatrix*}",
    "\\begin{alignedat}{2} a &= b & c \\end{alignedat} \\begin {alignat*}{ 10 } a \\end{alignat*}",
    "\\begin{align*} a \\end{align*} \\begin{array}{c|c} a & b \\end{array}",
    `${"{".repeat(60)}x${"}".repeat(60)}`,
    "{x}".repeat(500),
  ])("is another than %j", (tex) => {
    expect(isBounded(tex)).toBe(true);
  });
});

describe("what a formula has become", () => {
  const nested = (depth: number): Element => {
    let one = { children: [] as unknown[] };
    for (let level = 0; level < depth; level += 1) one = { children: [{ children: [] }, one] };
    return one as unknown as Element;
  };
  it("is shown unless it is nested too deeply", () => {
    expect(isShallow(nested(200))).toBe(true);
    expect(isShallow(nested(201))).toBe(false);
  });
});
