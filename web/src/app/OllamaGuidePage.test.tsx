import i18next from "i18next";
import { renderToStaticMarkup } from "react-dom/server";
import { initReactI18next } from "react-i18next";
import { describe, expect, it } from "vitest";
import { resources as deBase } from "@/i18n/de";
import { resources as deSettings } from "@/i18n/de.settings";
import { resources as enBase } from "@/i18n/en";
import { resources as enSettings } from "@/i18n/en.settings";
import { Component } from "./OllamaGuidePage";

async function shown(language: string): Promise<{ heading: string | undefined; outside: string }> {
  const resources = { de: { ...deBase, ...deSettings }, en: { ...enBase, ...enSettings } };
  await i18next.use(initReactI18next).init({ lng: language, resources, defaultNS: "common", keySeparator: false, interpolation: { escapeValue: false } });
  const html = renderToStaticMarkup(<Component />);
  return { heading: /<h1[^>]*>(.*?)<\/h1>/.exec(html)?.[1], outside: html.slice(0, html.indexOf('lang="en"')) };
}

describe("the guide for Ollama", () => {
  it("has its title in the page's language: only what is marked as English is", async () => {
    const { heading, outside } = await shown("de");
    expect(heading).toBe("Ollama verbinden");
    expect(outside).toContain("Diese Anleitung ist auf Englisch.");
    expect(outside).not.toContain("Connecting");
    expect((await shown("en")).heading).toBe("Connecting Ollama");
  });
});
