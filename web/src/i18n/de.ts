// The texts of one language that every page needs, in one chunk. Those of other parts lie beside it.
import alias from "./locales/de/alias.json";
import chat from "./locales/de/chat.json";
import common from "./locales/de/common.json";
import seals from "./locales/de/seals.json";

export const resources = { alias, common, chat, seals };
