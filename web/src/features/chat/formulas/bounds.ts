// What is not given to KaTeX at all, because a few signs of it could become more than a page can hold.

/** With what encloses it, stream/formulas.ts finds none longer. */
const maxChars = 5_000;
const maxBraces = 60;
// KaTeX counts how often a macro is expanded, not what comes of it: two definitions within another make millions of signs.
const definitions = "def gdef edef xdef let futurelet global long newcommand renewcommand providecommand";
// These write to the console of whoever reads.
const refused = new Set(`${definitions} message errmessage show`.split(" ").map((name) => `\\${name}`));
// As KaTeX reads them: "\\let" is a line break and a word, "\letter" another command.
const signs = /\\(?:[A-Za-z@]+|[^])|[{}]/g;
// The name must stand there in letters, or it could be put together from others. Columns come as a number, and that many are made.
const environment = /\s*\{(?:(?!alignat|alignedat)[A-Za-z]+\*?\}|(?:alignat\*?|alignedat)\}\s*\{\s*\d{1,2}\s*\})/y;

/** Whether KaTeX may be asked to set it. */
export function isBounded(tex: string): boolean {
  if (tex.length > maxChars) return false;
  let open = 0;
  for (const { 0: sign, index } of tex.matchAll(signs)) {
    if (sign === "{") open += 1;
    else if (sign === "}") open -= 1;
    if (open > maxBraces || refused.has(sign)) return false;
    environment.lastIndex = index + sign.length;
    if (sign === "\\begin" && !environment.test(tex)) return false;
  }
  return true;
}

// Commands nest without braces, too, and browsers lay out what is nested again and again.
const maxDepth = 200;

/** Whether what KaTeX has made of it may be shown. */
export function isShallow(place: Element): boolean {
  let level: Element[] = [place];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return false;
    level = level.flatMap((one) => [...one.children]);
  }
  return true;
}
