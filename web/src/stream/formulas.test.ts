import type { Token, Tokens } from "marked";
import { describe, expect, it } from "vitest";
import { Splitter } from "./blocks";
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
