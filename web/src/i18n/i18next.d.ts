// Makes every key a type: a misspelt key does not compile.
import "i18next";
import type { resources } from "./en";
import type { resources as attachments } from "./en.attachments";
import type { resources as compare } from "./en.compare";
import type { resources as entry } from "./en.entry";
import type { resources as factors } from "./en.factors";
import type { resources as later } from "./en.later";
import type { resources as privacy } from "./en.privacy";
import type { resources as sealing } from "./en.sealing";
import type { resources as settings } from "./en.settings";
import type { resources as unasked } from "./en.unasked";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof resources & typeof attachments & typeof compare & typeof entry & typeof factors & typeof later & typeof privacy & typeof sealing & typeof settings & typeof unasked;
    keySeparator: false;
    returnNull: false;
  }
}
