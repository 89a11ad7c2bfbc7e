// The texts of the settings in one language, in one chunk: who only writes never loads them.
import connections from "./locales/de/connections.json";
import oversight from "./locales/de/oversight.json";
import team from "./locales/de/team.json";

export const resources = { connections, oversight, team };
