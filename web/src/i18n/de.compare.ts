// The texts of comparisons in one language: loaded when somebody compares.
import compare from "./locales/de/compare.json";

export const resources = { compare };
