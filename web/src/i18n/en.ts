// All texts of one language in one chunk.
import accounts from "./locales/en/accounts.json";
import chat from "./locales/en/chat.json";
import common from "./locales/en/common.json";
import connections from "./locales/en/connections.json";
import oversight from "./locales/en/oversight.json";
import team from "./locales/en/team.json";

export const resources = { common, chat, accounts, connections, oversight, team };
