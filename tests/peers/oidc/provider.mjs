// Runs panva's oidc-provider over TLS: node provider.mjs PORT CERTIFICATE KEY ACCOUNTS
// ACCOUNTS is a JSON file, login → claims, read again at each sign-in. Its own login and consent pages take any password.
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:https";
import Provider from "oidc-provider";

const [port, certificate, key, accounts] = process.argv.slice(2);
const issuer = `https://localhost:${port}`;
const client = (id, method, more = {}) => ({
  client_id: id,
  ...(method === "none" ? {} : { client_secret: `secret of ${id}: 50 % a+` }),
  token_endpoint_auth_method: method,
  redirect_uris: ["https://moorage.invalid/sign-in/return/deployment"],
  backchannel_logout_uri: "https://moorage.invalid/logout",
  backchannel_logout_session_required: true,
  ...more,
});

const provider = new Provider(issuer, {
  clients: [
    client("basic", "client_secret_basic"),
    client("post", "client_secret_post"),
    client("public", "none"),
    client("es256", "client_secret_basic", { id_token_signed_response_alg: "ES256" }),
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"], groups: ["groups"] },
  scopes: ["openid", "email", "profile", "groups"],
  // Claims come from the userinfo endpoint, as most providers have it; `basic` takes the way through it.
  conformIdTokenClaims: true,
  pkce: { required: () => true },
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"] },
  jwks: JSON.parse(process.env.PROVIDER_JWKS),
  cookies: { keys: ["only for tests"] },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  // The one request it makes by itself is a logout token; the test delivers it, because it knows where to.
  async fetch(_url, options) {
    appendFileSync(`${accounts}.logouts`, `${options.body}\n`);
    return new Response(null, { status: 200 });
  },
  async findAccount(_context, id) {
    const known = JSON.parse(readFileSync(accounts, "utf8"));
    return known[id] && { accountId: id, claims: async () => ({ sub: id, ...known[id] }) };
  },
});

// The port of a test's server and the id of its team are not known beforehand.
const allowed = /^http:\/\/127\.0\.0\.1:\d+\/sign-in\/return\/[0-9a-z-]+$/;
provider.Client.prototype.redirectUriAllowed = (uri) => allowed.test(uri);

createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, provider.callback()).listen(Number(port), "127.0.0.1");
