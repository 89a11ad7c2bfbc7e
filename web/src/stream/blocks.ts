// Cuts Markdown into top-level blocks while it grows. Any chunking of a text gives the same blocks as the whole text.
import { markedNow } from "./marked";

export interface Blocks {
  /** Blocks that no later text can change. The array only ever grows; its strings keep their identity. */
  readonly settled: readonly string[];
  /** Blocks of the open end, cut anew with every flush. */
  readonly tail: readonly string[];
}

interface Cut {
  raw: string;
  isSpace: boolean;
}

/** Until the reader is here, a text is one block. */
function cut(text: string): Cut[] {
  const marked = markedNow();
  if (!marked) return text.trim() ? [{ raw: text, isSpace: false }] : [];
  return marked.cut(text).map((token) => ({ raw: token.raw, isSpace: token.type === "space" || token.type === "def" }));
}

/** The blocks of a finished text. */
export function cutBlocks(text: string): string[] {
  return cut(normalise(text)).filter((c) => !c.isSpace).map((c) => c.raw);
}

// The same that marked does first. A lone CR at the end of a chunk may be half of a CRLF, hence `Splitter.held`.
function normalise(text: string): string {
  return text.replace(/\r\n|\r/g, "\n");
}

/**
 * Keeps the blocks of a text that grows. The cost of an `append` follows the open end, not the whole text.
 * A block is settled once a blank line and a complete line follow it: until then that line might still join the two
 * (a "2" after a list may become "2. next item").
 */
export class Splitter {
  private settled: readonly string[] = [];
  private open = "";
  private held = "";

  append(text: string): Blocks {
    let piece = this.held + text;
    this.held = "";
    if (piece.endsWith("\r")) {
      this.held = "\r";
      piece = piece.slice(0, -1);
    }
    this.open += normalise(piece);
    const cuts = cut(this.open);
    const keepFrom = firstOpen(cuts);
    if (keepFrom > 0) {
      const done = cuts.slice(0, keepFrom);
      this.open = this.open.slice(done.reduce((n, c) => n + c.raw.length, 0));
      const blocks = done.filter((c) => !c.isSpace).map((c) => c.raw);
      if (blocks.length > 0) this.settled = [...this.settled, ...blocks];
    }
    return { settled: this.settled, tail: cuts.slice(keepFrom).filter((c) => !c.isSpace).map((c) => c.raw) };
  }

  reset(): void {
    this.settled = [];
    this.open = "";
    this.held = "";
  }
}

/** Index of the first cut that later text may still change. */
function firstOpen(cuts: readonly Cut[]): number {
  for (let i = cuts.length - 1; i > 0; i -= 1) {
    const here = cuts[i];
    const before = cuts[i - 1];
    if (!here || !before || here.isSpace || !here.raw.includes("\n")) continue;
    // Blocks that touch can still regroup (a table may form inside a paragraph); a blank line keeps them apart for good.
    if (before.raw.endsWith("\n\n") || (before.isSpace && /\n[ \t]*\n|^\n/.test(before.raw))) return i;
  }
  return 0;
}
