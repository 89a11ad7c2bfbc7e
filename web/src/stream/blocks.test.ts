import { beforeAll, describe, expect, it } from "vitest";
import { cutBlocks, Splitter } from "./blocks";
import { markedReady } from "./marked";

beforeAll(() => markedReady);

const pieces = [
  "# Heading", "plain words", "- one\n- two", "1. first\n\n2. second", "- a\n\n  more of a", "> quoted\n> text",
  "```py\nprint(1)\n\n- not a list\n```", "~~~\nopen fence", "| a | b |\n|---|---|\n| 1 | 2 |", "---", "    indented\n\n    code",
  "<div>\nhtml\n</div>", "Setext\n===", "**bold** and `code`", "line one\nline two", "[x]: https://example.org", "2", "-", "*", "price $5 to $10", "ümläut 🙂",
  "$$\na\n+ b\n=\nc\n$$", "\\[\na\n\\]", "$$ open", "\\(half", "so \\(a*b\\) and $$c$$", "$$", "\\]", "$$$",
];
const gaps = ["\n", "\n\n", "\n\n\n", "\r\n\r\n", "\n  \n", " "];

// A small seeded generator: a failing case can be named and run again.
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function makeText(next: () => number): string {
  let text = "";
  const count = 1 + Math.floor(next() * 9);
  for (let i = 0; i < count; i += 1) text += (pieces[Math.floor(next() * pieces.length)] ?? "") + (gaps[Math.floor(next() * gaps.length)] ?? "");
  return text;
}

function stream(text: string, next: () => number): string[] {
  const splitter = new Splitter();
  let blocks = splitter.append("");
  for (let at = 0; at < text.length; ) {
    const size = 1 + Math.floor(next() * (next() < 0.5 ? 3 : 40));
    blocks = splitter.append(text.slice(at, at + size));
    at += size;
  }
  return [...blocks.settled, ...blocks.tail];
}

describe("blocks of a growing text", () => {
  it("are the same for every chunking", () => {
    for (let seed = 1; seed <= 3000; seed += 1) {
      const next = random(seed);
      const text = makeText(next);
      expect(stream(text, next), `seed ${seed}: ${JSON.stringify(text)}`).toEqual(cutBlocks(text));
    }
  });

  it("keep the identity of what is settled, so that it renders once", () => {
    const splitter = new Splitter();
    const before = splitter.append("first\n\nsecond\n\nthird\n").settled;
    const after = splitter.append("still third\n\nfourth\n").settled;
    expect(before).toEqual(["first", "second"]);
    expect(after.slice(0, 2)).toEqual(before);
  });

  it("stay open inside a fence that has not closed", () => {
    const splitter = new Splitter();
    expect(splitter.append("```js\nlet a = 1\n\n# no heading\n").settled).toEqual([]);
  });
});
