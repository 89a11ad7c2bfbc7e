// Reads Markdown, and the formulas in it that Markdown knows nothing of. In one chunk with marked: see marked.ts.
import { Hooks, Lexer, type MarkedOptions, type Token, type TokenizerThis, type Tokens, type TokensList, Tokenizer } from "marked";
import { Dollars, dollarsAt, type Formula, FormulaLines, formulaAt, formulaBlock, mayHoldFormula, maskFormulas } from "./formulas";

export type FormulaToken = Formula & { type: "formula" };

class Blocks extends Tokenizer {
  // A line of "=" within a formula underlines no heading.
  override lheading(src: string): Tokens.Heading | undefined {
    return super.lheading(src.slice(0, nextLine(this.lexer, src)));
  }
}

class Reader extends Lexer {
  // Both belong to the text that is being read, one within another: marked asks for each block and word what lies ahead of it.
  lines = new FormulaLines("");
  dollars = new Dollars("");

  override blockTokens(src: string, tokens?: Token[], lastParagraphClipped?: boolean): Token[];
  override blockTokens(src: string, tokens?: TokensList, lastParagraphClipped?: boolean): TokensList;
  override blockTokens(src: string, tokens?: Token[], lastParagraphClipped?: boolean): Token[] {
    const outer = this.lines;
    this.lines = new FormulaLines(src);
    try {
      return super.blockTokens(src, tokens, lastParagraphClipped);
    } finally {
      this.lines = outer;
    }
  }

  override inlineTokens(src: string, tokens?: Token[]): Token[] {
    const outer = { hooks: this.options.hooks ?? null, dollars: this.dollars };
    this.options.hooks = mayHoldFormula(src) ? masking(src) : null;
    this.dollars = new Dollars(src);
    try {
      return super.inlineTokens(src, tokens);
    } finally {
      this.options.hooks = outer.hooks;
      this.dollars = outer.dollars;
    }
  }
}

/** How far it is to the next line of a formula. `src`: the rest of the text that is being read. */
function nextLine(lexer: Lexer, src: string): number | undefined {
  const { lines } = lexer as Reader;
  const passed = lines.text.length - src.length;
  const at = lines.after(passed);
  return at === null ? undefined : at - passed;
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

function startBlock(this: TokenizerThis, src: string): number | undefined {
  return nextLine(this.lexer, src);
}

function startInline(this: TokenizerThis, src: string): number | undefined {
  const { dollars } = this.lexer as Reader;
  const passed = dollars.text.length - src.length;
  const at = dollars.after(passed);
  return at === -1 ? undefined : at - passed;
}

function newReader(): Reader {
  const extensions: MarkedOptions["extensions"] = {
    renderers: {},
    childTokens: {},
    block: [(src) => asToken(formulaBlock(src))],
    startBlock: [startBlock],
    inline: [inline],
    // A backslash ends words by itself.
    startInline: [startInline],
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
