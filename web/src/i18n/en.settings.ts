// The texts of the settings in one language, in one chunk: who only writes never loads them.
import access from "./locales/en/access.json";
import connections from "./locales/en/connections.json";
import identity from "./locales/en/identity.json";
import operator from "./locales/en/operator.json";
import oversight from "./locales/en/oversight.json";
import security from "./locales/en/security.json";
import team from "./locales/en/team.json";
import usage from "./locales/en/usage.json";
import watch from "./locales/en/watch.json";

export const resources = { access, connections, identity, operator, oversight, security, team, usage, watch };
