// The texts of attachments and of what is withheld, in one language: who has none never loads them.
import attachments from "./locales/de/attachments.json";

export const resources = { attachments };
