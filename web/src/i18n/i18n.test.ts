import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resources as deBase } from "./de";
import { resources as deAttachments } from "./de.attachments";
import { resources as deCompare } from "./de.compare";
import { resources as deEntry } from "./de.entry";
import { resources as deFactors } from "./de.factors";
import { resources as deLater } from "./de.later";
import { resources as dePrivacy } from "./de.privacy";
import { resources as deSealing } from "./de.sealing";
import { resources as deSettings } from "./de.settings";
import { resources as deUnasked } from "./de.unasked";
import { resources as enBase } from "./en";
import { resources as enAttachments } from "./en.attachments";
import { resources as enCompare } from "./en.compare";
import { resources as enEntry } from "./en.entry";
import { resources as enFactors } from "./en.factors";
import { resources as enLater } from "./en.later";
import { resources as enPrivacy } from "./en.privacy";
import { resources as enSealing } from "./en.sealing";
import { resources as enSettings } from "./en.settings";
import { resources as enUnasked } from "./en.unasked";

const de = { ...deBase, ...deAttachments, ...deCompare, ...deEntry, ...deFactors, ...deLater, ...dePrivacy, ...deSealing, ...deSettings, ...deUnasked };
const en = { ...enBase, ...enAttachments, ...enCompare, ...enEntry, ...enFactors, ...enLater, ...enPrivacy, ...enSealing, ...enSettings, ...enUnasked };
const namespaces = Object.keys(en) as (keyof typeof en)[];
const table = (bundle: unknown): Record<string, string> => bundle as Record<string, string>;
const placeholders = (text: string): string[] => (text.match(/\{\{\s*[\w.]+/g) ?? []).map((p) => p.replace(/[{\s]/g, "")).sort();

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.test\.|schema\.d\.ts/.test(entry.name) ? [readFileSync(path, "utf8")] : [];
  });
}

const code = sources(join(import.meta.dirname, "..")).join("\n");

/** Whether the code names the key, plainly or with a changing last part ("origin.${origin}"). */
function isUsed(key: string): boolean {
  const plain = key.replace(/_(zero|one|two|few|many|other)$/, "");
  const quoted = [`"${plain}"`, `:${plain}"`, `'${plain}'`, `\`${plain}\``];
  if (quoted.some((q) => code.includes(q))) return true;
  const cuts = [...plain.matchAll(/[._]/g)].map((m) => m.index);
  return cuts.some((at) => code.includes(`\`${plain.slice(0, at + 1)}\${`) || code.includes(`:${plain.slice(0, at + 1)}\${`));
}

describe.each(namespaces)("texts of %s", (name) => {
  const english = table(en[name]);
  const german = table(de[name]);

  it("exist in both languages", () => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
  });

  it("have the same placeholders", () => {
    for (const [key, text] of Object.entries(english)) expect(placeholders(german[key] ?? ""), key).toEqual(placeholders(text));
  });

  it("are all used", () => {
    expect(Object.keys(english).filter((key) => !isUsed(key))).toEqual([]);
  });

  it("don't shout, and none is empty", () => {
    for (const [key, text] of [...Object.entries(english), ...Object.entries(german)]) {
      expect(text.trim(), key).not.toBe("");
      expect(text, key).not.toContain("!");
    }
  });
});

describe("German texts", () => {
  it("say Sie, never du", () => {
    const found = namespaces.flatMap((name) => Object.entries(table(de[name])).filter(([, text]) => /\b(du|dich|dir|dein\w*)\b/i.test(text)).map(([key]) => `${name}:${key}`));
    expect(found).toEqual([]);
  });
});

describe("what is asked of a router about training", () => {
  it("is said as asked for, never as a fact", () => {
    for (const key of ["policy.no_training", "policy.no_retention"]) {
      expect(table(en.picker)[key]).toMatch(/^asks for: no training/);
      expect(table(de.picker)[key]).toMatch(/^verlangt: ohne Training/);
    }
  });
});
