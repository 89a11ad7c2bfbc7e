// The texts of questions that were saved without being asked, in one language: who has none never loads them.
import unasked from "./locales/en/unasked.json";

export const resources = { unasked };
