// Makes every key a type: a misspelt key does not compile.
import "i18next";
import type { resources } from "./en";
import type { resources as settings } from "./en.settings";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof resources & typeof settings;
    keySeparator: false;
    returnNull: false;
  }
}
