import i18next from "i18next";
import { renderToStaticMarkup } from "react-dom/server";
import { initReactI18next } from "react-i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { resources as deBase } from "@/i18n/de";
import { resources as deSettings } from "@/i18n/de.settings";
import { resources as enBase } from "@/i18n/en";
import { resources as enSettings } from "@/i18n/en.settings";
import { AuditList } from "./AuditList";
import type { AuditEntry } from "./queries";

beforeAll(async () => {
  const resources = { de: { ...deBase, ...deSettings }, en: { ...enBase, ...enSettings } };
  await i18next.use(initReactI18next).init({ lng: "en", resources, defaultNS: "common", keySeparator: false, interpolation: { escapeValue: false } });
});

const entry: AuditEntry = {
  seq: 7,
  at: "2026-11-27T12:00:00Z",
  actor: "Olga",
  actor_id: null,
  action: "conversation.left_own_hardware",
  object_type: "conversation",
  object_id: "c",
  object_name: "",
  outcome: "done",
  client: "",
  request_id: "",
  sentence: "Olga allowed it.",
  details: { from_zone: "own_hardware", to_zone: "router" },
};

async function names(language: string, action: string): Promise<(string | undefined)[]> {
  await i18next.changeLanguage(language);
  const html = renderToStaticMarkup(<AuditList entries={[{ ...entry, action }]} onFilter={() => {}} />);
  return [...html.matchAll(/<dt[^>]*>(.*?)<\/dt>/g)].map(([, name]) => name).slice(-2);
}

describe("the zones in the details of an entry", () => {
  it("are where words came from and went to, when they left own hardware", async () => {
    expect(await names("en", "conversation.left_own_hardware")).toEqual(["From", "To"]);
    expect(await names("de", "conversation.left_own_hardware")).toEqual(["Von", "Nach"]);
  });

  it("are what a zone was and is, when an alias was moved", async () => {
    expect(await names("en", "alias.changed")).toEqual(["From zone", "To zone"]);
    expect(await names("de", "alias.changed")).toEqual(["Zone vorher", "Zone nachher"]);
  });
});
