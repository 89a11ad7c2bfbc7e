// The texts of the chat's parts that open later, in one language: the palette, the picker, receipts, the search, sharing, first steps.
import palette from "./locales/de/palette.json";
import picker from "./locales/de/picker.json";
import receipt from "./locales/de/receipt.json";
import search from "./locales/de/search.json";
import sharing from "./locales/de/sharing.json";
import steps from "./locales/de/steps.json";

export const resources = { palette, picker, receipt, search, sharing, steps };
