// The texts of one language that every page needs, in one chunk. Those of the settings lie beside it.
import accounts from "./locales/de/accounts.json";
import chat from "./locales/de/chat.json";
import common from "./locales/de/common.json";

export const resources = { common, chat, accounts };
