// The texts of the chat's parts that open later, in one language: the palette, the picker, receipts, the search, sharing, first steps.
import palette from "./locales/en/palette.json";
import picker from "./locales/en/picker.json";
import receipt from "./locales/en/receipt.json";
import search from "./locales/en/search.json";
import sharing from "./locales/en/sharing.json";
import steps from "./locales/en/steps.json";

export const resources = { palette, picker, receipt, search, sharing, steps };
