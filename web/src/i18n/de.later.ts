// The texts of the chat's parts that open later, in one language: the picker, receipts, the search, sharing, first steps.
import picker from "./locales/de/picker.json";
import receipt from "./locales/de/receipt.json";
import search from "./locales/de/search.json";
import sharing from "./locales/de/sharing.json";
import steps from "./locales/de/steps.json";

export const resources = { picker, receipt, search, sharing, steps };
