// The texts of one language that every page needs, in one chunk. Those of other parts lie beside it.
import alias from "./locales/en/alias.json";
import chat from "./locales/en/chat.json";
import common from "./locales/en/common.json";
import seals from "./locales/en/seals.json";

export const resources = { alias, common, chat, seals };
