// All texts of one language in one chunk.
import accounts from "./locales/de/accounts.json";
import chat from "./locales/de/chat.json";
import common from "./locales/de/common.json";
import connections from "./locales/de/connections.json";
import oversight from "./locales/de/oversight.json";
import team from "./locales/de/team.json";

export const resources = { common, chat, accounts, connections, oversight, team };
