// Sets a formula as MathML with KaTeX. Loaded with the first formula that is seen whole.
import katex from "katex";
import "./formulas.css";
import { arrange } from "./arrange";
import { isBounded, isShallow } from "./bounds";
import { copyAsTex } from "./copyAsTex";

// Both would come with a style attribute, which the policy of the pages blocks.
const macros = { "\\pmb": "\\boldsymbol{#1}", "\\fcolorbox": "\\@firstoftwo{\\colorbox{#2}{#3}}{#1}" };

/** No addresses, pictures, classes or styles of a model's choosing: what has them stays text, and is not set without them. */
function refuse(): never {
  throw new Error("not trusted");
}

// "maxExpand" counts how often KaTeX's own macros are expanded, not what comes of it; definitions are refused in bounds.ts.
const options = { output: "mathml", throwOnError: true, strict: "ignore", trust: refuse, maxSize: 20, maxExpand: 200 } as const;

/** Puts the formula into `place`. False if it can't be set: nothing is there then. */
export function setFormula(place: HTMLElement, tex: string, displayMode: boolean): boolean {
  if (!isBounded(tex)) return false;
  try {
    // The macros are a new object each time: one formula defines nothing for another.
    katex.render(tex, place, { ...options, macros: { ...macros }, displayMode });
  } catch {
    // Also one nested so deeply that the stack ends.
    place.replaceChildren();
    return false;
  }
  if (!isShallow(place)) {
    place.replaceChildren();
    return false;
  }
  arrange(place);
  return true;
}

copyAsTex();
