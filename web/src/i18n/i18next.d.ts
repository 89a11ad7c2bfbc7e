// Makes every key a type: a misspelt key does not compile.
import "i18next";
import type { resources } from "./en";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof resources;
    keySeparator: false;
    returnNull: false;
  }
}
