// Where a formula stands in a text: between $$ and $$, \( and \), \[ and \]. A single dollar sign is always text.

export interface Formula {
  /** As it was written, with what encloses it. */
  raw: string;
  tex: string;
  /** On a line of its own. */
  display: boolean;
}

// What has no end within this is text: a search for the end stays short, whatever a model writes.
const maxChars = 5_000;
const closers: Record<string, string> = { $$: "$$", "\\(": "\\)", "\\[": "\\]" };
// "\[1\]", "\[ \]": brackets that Markdown would have taken for a link, escaped.
const bracketed = /^[\s\d,;–-]*$/;

/** Where the closing mark begins, or -1. As in TeX, a blank line ends every formula. */
function endOf(text: string, from: number, closer: string): number {
  const last = Math.min(text.length - 1, from + maxChars);
  for (let at = from; at < last; at += 1) {
    if (text.startsWith(closer, at)) return closer === "$$" && text[at + 2] === "$" ? -1 : at;
    const one = text[at];
    if (one === "\\") {
      // None within another, so that a text full of beginnings is not searched from each of them to its end.
      if (closer !== "$$" && (text[at + 1] === "(" || text[at + 1] === "[")) return -1;
      // "\\)" is a line break and a bracket.
      at += 1;
    }
    // A code span is never torn apart.
    else if (one === "`") return -1;
    else if (one === "\n" && /^[ \t]*(?:\n|$)/.test(text.slice(at + 1, at + 200))) return -1;
  }
  return -1;
}

/** The formula that begins exactly here. */
export function formulaAt(text: string, at: number): Formula | null {
  const opener = text.slice(at, at + 2);
  const closer = closers[opener];
  if (!closer || (opener === "$$" && text[at + 2] === "$")) return null;
  const end = endOf(text, at + 2, closer);
  if (end === -1) return null;
  const tex = text.slice(at + 2, end);
  if (tex.trim() === "" || (opener === "\\[" && (bracketed.test(tex) || text[end + 2] === "("))) return null;
  return { raw: text.slice(at, end + 2), tex: tex.trim(), display: opener !== "\\(" };
}

/** A formula that has its lines for itself, from the first of them; `raw` goes to the end of the last. */
export function formulaBlock(text: string): Formula | null {
  const indent = /^ {0,3}(?=\$\$|\\\[)/.exec(text)?.[0];
  if (indent === undefined) return null;
  const found = formulaAt(text, indent.length);
  if (!found) return null;
  const upTo = indent.length + found.raw.length;
  const rest = /^[ \t]*(?:\n|$)/.exec(text.slice(upTo, upTo + 200))?.[0];
  return rest === undefined ? null : { ...found, raw: text.slice(0, upTo) + rest };
}

/** Where the lines of a text begin formulas that have their lines for themselves. Asked from front to back, it reads it once. */
export class FormulaLines {
  private readonly mayHold: boolean;
  // The answer is the same for every place from `asked` to `read`.
  private asked = 0;
  private read = -1;
  private found: number | null = null;

  constructor(readonly text: string) {
    this.mayHold = text.includes("$$") || text.includes("\\[");
  }

  /** Where the next one begins after the line break at or after `from`; null: nowhere before the next blank line. */
  after(from: number): number | null {
    if (!this.mayHold) return null;
    if (from < this.asked || from > this.read) this.search(from);
    return this.found;
  }

  private search(from: number): void {
    const next = /\n(?:( {0,3}(?:\$\$|\\\[))|[ \t]*\n)/g;
    next.lastIndex = from;
    let hit = next.exec(this.text);
    while (hit?.[1] && !formulaBlock(this.text.slice(hit.index + 1, hit.index + 1 + 2 * maxChars))) hit = next.exec(this.text);
    this.asked = from;
    this.read = hit?.index ?? this.text.length;
    this.found = hit?.[1] ? hit.index + 1 : null;
  }
}

/** Where two dollar signs stand in a text. Asked from front to back, it reads it once. */
export class Dollars {
  private next: number;

  constructor(readonly text: string) {
    this.next = text.indexOf("$$");
  }

  /** Where the next ones are, at or after `from`, or -1. */
  after(from: number): number {
    if (this.next !== -1 && this.next < from) this.next = this.text.indexOf("$$", from);
    return this.next;
  }
}

export function mayHoldFormula(text: string): boolean {
  return text.includes("$$") || text.includes("\\(") || text.includes("\\[");
}

/** Length of the run of dollar signs here. */
export function dollarsAt(text: string, at: number): number {
  let end = at;
  while (text[end] === "$") end += 1;
  return end - at;
}

/** `masked`, of the same length as `text`, with nothing in the place of a formula that emphasis could begin or end with. */
export function maskFormulas(text: string, masked: string): string {
  const pieces: string[] = [];
  let kept = 0;
  for (let at = 0; at < text.length; ) {
    const dollars = dollarsAt(text, at);
    const found = dollars > 2 ? null : formulaAt(text, at);
    if (found) {
      pieces.push(masked.slice(kept, at), "+".repeat(found.raw.length));
      kept = at + found.raw.length;
    }
    at += found?.raw.length ?? (dollars || (text[at] === "\\" ? 2 : 1));
  }
  return pieces.join("") + masked.slice(kept);
}
