// The texts of the settings in one language, in one chunk: who only writes never loads them.
import access from "./locales/de/access.json";
import connections from "./locales/de/connections.json";
import identity from "./locales/de/identity.json";
import operator from "./locales/de/operator.json";
import oversight from "./locales/de/oversight.json";
import security from "./locales/de/security.json";
import team from "./locales/de/team.json";
import usage from "./locales/de/usage.json";
import watch from "./locales/de/watch.json";

export const resources = { access, connections, identity, operator, oversight, security, team, usage, watch };
