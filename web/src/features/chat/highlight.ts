// Colours code with highlight.js, as a tree of pieces instead of an HTML string. Loaded when the first fence closes.
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const languages = { bash, c, cpp, csharp, css, diff, go, java, javascript, json, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);
hljs.registerAliases(["html", "svg"], { languageName: "xml" });
hljs.registerAliases(["sh", "shell", "console", "zsh"], { languageName: "bash" });

export type Piece = string | { className: string; children: readonly Piece[] };

interface Node {
  scope?: string;
  children: (string | Node)[];
}

function toPieces(children: readonly (string | Node)[]): Piece[] {
  return children.map((child) => (typeof child === "string" ? child : { className: `hl-${(child.scope ?? "").split(".")[0]}`, children: toPieces(child.children) }));
}

// Bounded, because a long session would otherwise keep every code block it ever showed.
const maxCached = 50;
const cache = new Map<string, readonly Piece[]>();

/** Null for languages we don't know: guessing colours wrong is worse than none. */
export function highlight(text: string, lang: string): readonly Piece[] | null {
  if (!hljs.getLanguage(lang)) return null;
  const key = `${lang}\n${text}`;
  const known = cache.get(key);
  if (known) return known;
  // The token tree isn't in the types, but it is what every renderer other than HTML uses.
  const { _emitter } = hljs.highlight(text, { language: lang, ignoreIllegals: true }) as unknown as { _emitter: { rootNode: Node } };
  const pieces = toPieces(_emitter.rootNode.children);
  const oldest = cache.keys().next();
  if (cache.size >= maxCached && !oldest.done) cache.delete(oldest.value);
  cache.set(key, pieces);
  return pieces;
}
