// Reads Markdown, and the formulas in it that Markdown knows nothing of. In one chunk with marked: see marked.ts.
import { Hooks, Lexer, type MarkedOptions, type Token, type Tokens, Tokenizer } from "marked";
import { dollarsAt, type Formula, formulaAt, formulaBlock, formulaLine, mayHoldFormula, maskFormulas } from "./formulas";

export type FormulaToken = Formula & { type: "formula" };

class Blocks extends Tokenizer {
  // A line of "=" within a formula underlines no heading.
  override lheading(src: string): Tokens.Heading | undefined {
    return super.lheading(src.slice(0, formulaLine(src) ?? undefined));
  }
}

class Reader extends Lexer {
  override inlineTokens(src: string, tokens?: Token[]): Token[] {
    const outer = this.options.hooks ?? null;
    this.options.hooks = mayHoldFormula(src) ? masking(src) : null;
    try {
      return super.inlineTokens(src, tokens);
    } finally {
      this.options.hooks = outer;
    }
  }
}

/** Keeps emphasis from ending at a "*" or "_" of a formula. */
function masking(src: string): Hooks {
  const hooks = new Hooks();
  hooks.emStrongMask = (masked) => maskFormulas(src, masked);
  return hooks;
}

function asToken(found: Formula | null): FormulaToken | undefined {
  return found ? { ...found, type: "formula" } : undefined;
}

function inline(src: string): Tokens.Generic | undefined {
  const dollars = dollarsAt(src, 0);
  // None of them encloses anything.
  if (dollars > 2) return { type: "text", raw: "$".repeat(dollars), text: "$".repeat(dollars) };
  return asToken(formulaAt(src, 0));
}

function newReader(): Reader {
  const extensions: MarkedOptions["extensions"] = {
    renderers: {},
    childTokens: {},
    block: [(src) => asToken(formulaBlock(src))],
    startBlock: [(src) => formulaLine(src) ?? undefined],
    inline: [inline],
    // A backslash ends words by itself.
    startInline: [(src) => src.indexOf("$$")],
  };
  return new Reader({ gfm: true, tokenizer: new Blocks(), extensions });
}

/** The whole tree of a text. */
export function lex(text: string): Token[] {
  return newReader().lex(text);
}

/** Its top-level blocks only. */
export function cut(text: string): Token[] {
  return newReader().blockTokens(text, []);
}
