// The texts of the chat's parts that open later, in one language: the picker, receipts, the search, sharing, first steps.
import picker from "./locales/en/picker.json";
import receipt from "./locales/en/receipt.json";
import search from "./locales/en/search.json";
import sharing from "./locales/en/sharing.json";
import steps from "./locales/en/steps.json";

export const resources = { picker, receipt, search, sharing, steps };
