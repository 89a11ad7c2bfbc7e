// The texts of the settings in one language, in one chunk: who only writes never loads them.
import connections from "./locales/en/connections.json";
import oversight from "./locales/en/oversight.json";
import team from "./locales/en/team.json";

export const resources = { connections, oversight, team };
