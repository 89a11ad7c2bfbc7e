import type { Token, Tokens } from "marked";
import { describe, expect, it, vi } from "vitest";
import { Splitter } from "./blocks";
import { FormulaLines, maskFormulas } from "./formulas";
import { markedReady } from "./marked";
import { cut, lex } from "./reader";

/** All formulas of a text, as their TeX; display ones in brackets. */
function formulas(text: string): string[] {
  const found: string[] = [];
  const walk = (tokens: readonly Token[] | undefined): void =>
    tokens?.forEach((token) => {
      const one = token as Tokens.Generic;
      if (one.type === "formula") found.push(one.display ? `[${one.tex}]` : String(one.tex));
      walk(one.tokens);
      walk(one.items as Token[] | undefined);
    });
  walk(lex(text));
  return found;
}

/** What a reader would see of a paragraph, formulas as they were written. */
function words(text: string): string {
  const walk = (tokens: readonly Token[]): string => tokens.map((token) => ("tokens" in token && token.tokens ? walk(token.tokens) : "text" in token ? token.text : token.raw)).join("");
  return walk(lex(text));
}

describe("a formula", () => {
  it.each([
    ["so \\(x^2\\) holds", ["x^2"]],
    ["so $$x^2$$ holds", ["[x^2]"]],
    ["so \\[x^2\\] holds", ["[x^2]"]],
    ["\\[\n\\int_0^1 x\\,dx\n\\]", ["[\\int_0^1 x\\,dx]"]],
    ["words\n$$\na\n+ b\n= c\n$$\nwords", ["[a\n+ b\n= c]"]],
    ["words\n$$\na\n=\nb\n$$", ["[a\n=\nb]"]],
    ["- one \\(a_1\\)\n- two\n\n  $$\n  a\n  $$", ["a_1", "[a]"]],
    ["> $$\n> a\n> $$", ["[a]"]],
    ["| a |\n|---|\n| \\(b\\) |", []],
    ["## \\(a\\) and **\\(b\\)**", ["a", "b"]],
    ["*all of \\(a*b\\) and $$c_d_e$$*", ["a*b", "[c_d_e]"]],
    ["\\(a \\\\) b\\)", ["a \\\\) b"]],
    ["$$\\text{$x$}$$", ["[\\text{$x$}]"]],
    ["$$5\\$ + 1$$", ["[5\\$ + 1]"]],
  ])("is found in %j", (text, expected) => {
    expect(formulas(text)).toEqual(expected);
  });

  it.each([
    "It costs $5 to $10",
    "$x$ and $ y $",
    "US$5, $$$ and $$$$",
    "$$$100 or $$$",
    "a $$ b",
    "\\$$x$",
    "`\\(x\\)` and `$$x$$`",
    "``$$`$$``",
    "```\n$$\nx\n$$\n```",
    "    \\[x\\]",
    "\\\\(x\\\\)",
    "\\(x",
    "x\\)",
    "\\(x \\(y",
    "\\[x\n\ny\\]",
    "$$\nx\n\ny\n$$",
    "\\(a `b\\)` c",
    "\\(\\) $$ $$",
    "see \\[1\\], \\[2, 3\\] and \\[ \\]",
    "\\[words\\](https://example.org)",
    `\\(${"x".repeat(6000)}\\)`,
  ])("is not seen in %j", (text) => {
    expect(formulas(text)).toEqual([]);
  });

  it("leaves every sign of what is none, and the rest of the line", () => {
    expect(words("It costs $5 to $10, $$$ even; $$ a")).toBe("It costs $5 to $10, $$$ even; $$ a");
    expect(words("a \\(b\\), **c**")).toBe("a \\(b\\), c");
  });

  it("in a table's cell is one, too", () => {
    const table = lex("| a |\n|---|\n| \\(b\\) |")[0] as Tokens.Table;
    expect(table.rows[0]?.[0]?.tokens[0]).toMatchObject({ type: "formula", tex: "b" });
  });

  it("without end costs no search from each beginning to the end", () => {
    const began = performance.now();
    lex("\\( a ".repeat(60_000));
    lex(`$$${"`$$ a".repeat(60_000)}`);
    // Some times as long as it takes, a fraction of what it took otherwise.
    expect(performance.now() - began).toBeLessThan(5_000);
  }, 30_000);
});

/** How many signs are walked over in search of formulas while a text is read. */
function walked(text: string): number {
  let signs = 0;
  const { exec } = RegExp.prototype;
  const { indexOf } = String.prototype;
  const counting = {
    exec(this: RegExp, whole: string) {
      const from = this.global ? this.lastIndex : 0;
      const hit = exec.call(this, whole);
      if (this.global && this.source.includes("\\$\\$|\\\\\\[")) signs += (hit ? hit.index + hit[0].length : whole.length) - from;
      return hit;
    },
    indexOf(this: string, what: string, from = 0) {
      const at = indexOf.call(this, what, from);
      if (what === "$$") signs += (at === -1 ? this.length : at) - from;
      return at;
    },
  };
  Object.assign(RegExp.prototype, { exec: counting.exec });
  Object.assign(String.prototype, { indexOf: counting.indexOf });
  try {
    lex(text);
  } finally {
    Object.assign(RegExp.prototype, { exec });
    Object.assign(String.prototype, { indexOf });
  }
  return signs;
}

describe("looking ahead for formulas", () => {
  it.each([
    ["blocks without any", "x\n***\n", ""],
    ["blocks before one", "x\n***\n", "$$\na\n$$\n"],
    ["blocks before what only begins like one", "x\n***\n", "$$ a"],
    ["blocks within a quotation", "> x\n> ***\n", "> $$\n> a\n> $$\n"],
    ["one after another", "$$\na\n$$\n", ""],
    ["words without any", "*a* b ", ""],
    ["words before one", "*a* b ", "$$a$$"],
  ])("goes over %s no more than a few times", (_, piece, end) => {
    const text = piece.repeat(2_000) + end;
    expect(walked(text)).toBeLessThan(8 * text.length);
  });

  it("finds the same from each place as if it was the first that is asked", () => {
    const text = "a\n$$ no\nb\n$$\nx\n$$\nc\n\nd\n\\[y\\]\n\n\ne\n  $$z$$";
    const one = new FormulaLines(text);
    const found = [...text].map((_sign, from) => one.after(from));
    expect(found).toEqual([...text].map((_sign, from) => new FormulaLines(text).after(from)));
    expect(new Set(found).size).toBe(5);
  });

  it("puts a mask together once, however many formulas there are", () => {
    const many = "\\(a\\)".repeat(500);
    const slice = vi.spyOn(String.prototype, "slice");
    maskFormulas(many, ".".repeat(many.length));
    const signs = slice.mock.results.reduce((sum, { value }) => sum + String(value).length, 0);
    slice.mockRestore();
    // The formulas themselves are taken out of the text.
    expect(signs).toBeLessThan(6 * many.length);
    const text = "\\(a*b\\) *c* ".repeat(3);
    expect(maskFormulas(text, text)).toBe("+++++++ *c* ".repeat(3));
    expect(maskFormulas(`_a_ \\[x\\] $$$ _b_`, "_a_ \\[x\\] $$$ _c_")).toBe("_a_ +++++ $$$ _c_");
  });
});

describe("a formula that arrives", () => {
  it("is text until it is whole, and its block is settled only after a blank line", async () => {
    await markedReady;
    const splitter = new Splitter();
    const half = splitter.append("first\n\n$$\na\n- b\n");
    expect(half.settled).toEqual(["first"]);
    expect(half.tail.flatMap(formulas)).toEqual([]);
    const whole = splitter.append("$$\n");
    expect(whole.tail.flatMap(formulas)).toEqual(["[a\n- b]"]);
    expect(splitter.append("\nafter\n").settled).toEqual(["first", "$$\na\n- b\n$$\n\n"]);
  });

  it("is one block with all of its lines", () => {
    expect(cut("$$\na\n+ b\n\\\\ - c\n$$\n").map((token) => token.type)).toEqual(["formula"]);
    expect(cut("words\n\\[\na\n\\]\nwords").map((token) => token.type)).toEqual(["paragraph", "formula", "paragraph"]);
  });
});
