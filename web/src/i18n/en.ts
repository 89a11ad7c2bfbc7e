// The texts of one language that every page needs, in one chunk. Those of the settings lie beside it.
import accounts from "./locales/en/accounts.json";
import chat from "./locales/en/chat.json";
import common from "./locales/en/common.json";

export const resources = { common, chat, accounts };
