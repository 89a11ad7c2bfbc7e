// English and German. The session's language wins; before sign-in the browser's, or what was last chosen here.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { configureClient } from "@/api/client";

export type Locale = "en" | "de";
export const locales: readonly Locale[] = ["en", "de"];
const storageKey = "moorage.locale";

const loaders = {
  en: {
    base: () => import("./en"),
    attachments: () => import("./en.attachments"),
    compare: () => import("./en.compare"),
    entry: () => import("./en.entry"),
    factors: () => import("./en.factors"),
    later: () => import("./en.later"),
    privacy: () => import("./en.privacy"),
    settings: () => import("./en.settings"),
    sealing: () => import("./en.sealing"),
    unasked: () => import("./en.unasked"),
  },
  de: {
    base: () => import("./de"),
    attachments: () => import("./de.attachments"),
    compare: () => import("./de.compare"),
    entry: () => import("./de.entry"),
    factors: () => import("./de.factors"),
    later: () => import("./de.later"),
    privacy: () => import("./de.privacy"),
    settings: () => import("./de.settings"),
    sealing: () => import("./de.sealing"),
    unasked: () => import("./de.unasked"),
  },
};
type Part = keyof (typeof loaders)["en"];

/** What the pages opened so far need; a change of language brings all of it. */
const needed = new Set<Part>(["base"]);
const loaded = new Set<string>();

async function load(locale: Locale): Promise<void> {
  // A part that a page comes to need meanwhile is met by the same loop: a Set is walked to its last member.
  for (const part of needed) {
    if (loaded.has(`${locale} ${part}`)) continue;
    const { resources } = await loaders[locale][part]();
    for (const [namespace, bundle] of Object.entries(resources)) i18next.addResourceBundle(locale, namespace, bundle);
    loaded.add(`${locale} ${part}`);
  }
}

/** Brings the texts of further parts; their pages are shown when it resolves. */
export async function loadTexts(...parts: Part[]): Promise<void> {
  for (const part of parts) needed.add(part);
  await startI18n();
  await load(currentLocale());
}

/** A page or part, and the texts that it speaks with. */
export async function andTexts<T>(part: Promise<T>, ...parts: Part[]): Promise<T> {
  const [itself] = await Promise.all([part, loadTexts(...parts)]);
  return itself;
}

function firstLocale(): Locale {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(storageKey);
  } catch {
    // Storage may be closed; the browser's languages decide.
  }
  const wanted = [stored, ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return locales.find((locale) => locale === wanted.find((tag) => tag === "en" || tag === "de")) ?? "en";
}

let started: Promise<void> | undefined;

/** Begins once, whoever asks first: the router's guards run before main.tsx does. */
export function startI18n(): Promise<void> {
  return (started ??= start());
}

async function start(): Promise<void> {
  // At once, so that already the first question to the server names the language.
  configureClient({ locale: firstLocale() });
  await i18next.use(initReactI18next).init({
    lng: firstLocale(),
    fallbackLng: false,
    keySeparator: false,
    ns: ["common", "chat", "alias", "access", "accounts", "connections", "operator", "oversight", "privacy", "team", "watch", "seals", "sealing"],
    defaultNS: "common",
    resources: {},
    partialBundledLanguages: true,
    interpolation: { escapeValue: false },
    returnNull: false,
    react: { useSuspense: false },
  });
  configureClient({ wordOffline: () => i18next.t("error.offline"), wordUnknown: () => i18next.t("error.unknown") });
  await changeLocale(firstLocale(), { remember: false });
}

/** Switches the pages and what the server is asked to answer in. */
export async function changeLocale(locale: Locale, { remember = true } = {}): Promise<void> {
  await load(locale);
  await i18next.changeLanguage(locale);
  document.documentElement.lang = locale;
  configureClient({ locale });
  if (!remember) return;
  try {
    localStorage.setItem(storageKey, locale);
  } catch {
    // Not remembered then; nothing is lost but a preference.
  }
}

export function currentLocale(): Locale {
  return i18next.language === "de" ? "de" : "en";
}
