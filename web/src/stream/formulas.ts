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

/** Where, before the next blank line, a line begins a formula that has its lines for itself; null: nowhere. */
export function formulaLine(text: string): number | null {
  const next = /\n(?:( {0,3}(?:\$\$|\\\[))|[ \t]*\n)/g;
  for (let found = next.exec(text); found?.[1]; found = next.exec(text)) {
    const at = found.index + 1;
    if (formulaBlock(text.slice(at, at + 2 * maxChars))) return at;
  }
  return null;
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
  let result = masked;
  for (let at = 0; at < text.length; ) {
    const dollars = dollarsAt(text, at);
    const found = dollars > 2 ? null : formulaAt(text, at);
    if (found) result = result.slice(0, at) + "+".repeat(found.raw.length) + result.slice(at + found.raw.length);
    at += found?.raw.length ?? (dollars || (text[at] === "\\" ? 2 : 1));
  }
  return result;
}
