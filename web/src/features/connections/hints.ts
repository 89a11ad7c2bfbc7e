// What can be said about a typed address or key without any network. Hints advise, the server decides.

export type AddressHintCode =
  | "https_missing"
  | "http_plain"
  | "ollama_local"
  | "local_host"
  | "endpoint_path"
  | "userinfo"
  | "query"
  | "space";

export type KeyHintCode = "key_edges" | "key_space" | "key_bearer" | "key_quotes" | "key_masked";

export interface Hint<Code extends string> {
  code: Code;
  /** The corrected text, where there is only one sensible correction. */
  fix: string | null;
}

const ENDPOINT_PATH = /\/(chat\/completions|completions|models|responses|embeddings)\/*$/i;
const LOCAL_NAME = /(^|\.)(localhost|local|internal|lan|home\.arpa|localdomain)$/i;

/** Host part as typed, lower case, without brackets and port; empty if there is none. */
export function hostOf(text: string): string {
  const rest = text.trim().replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
  const authority = rest.split(/[/?#]/, 1)[0] ?? "";
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (host.startsWith("[")) return host.slice(1, host.indexOf("]")).toLowerCase();
  return (host.split(":", 1)[0] ?? "").toLowerCase();
}

function isPrivateIpv4(host: string): boolean {
  const parts = host.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return false;
  const [a = 0, b = 0] = parts;
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168)
  );
}

/** True for names and addresses that can't be reached from the internet. The server's tables are wider. */
export function isLocalHost(host: string): boolean {
  if (LOCAL_NAME.test(host) || isPrivateIpv4(host)) return true;
  return host === "::1" || /^(fe[89ab]|f[cd])[0-9a-f]{0,2}:/.test(host);
}

export function findAddressHints(typed: string): Hint<AddressHintCode>[] {
  const text = typed.trim();
  if (text === "") return [];
  if (/\s/.test(text)) return [{ code: "space", fix: text.replace(/\s+/g, "") }];
  const host = hostOf(text);
  if (isLocalHost(host)) {
    return [{ code: /:11434(\/|$)/.test(text) ? "ollama_local" : "local_host", fix: null }];
  }
  const hints: Hint<AddressHintCode>[] = [];
  if (/^http:\/\//i.test(text)) hints.push({ code: "http_plain", fix: text.replace(/^http:/i, "https:") });
  // "https:/" while typing isn't a mistake yet
  else if (!text.includes("://") && text.includes(".")) hints.push({ code: "https_missing", fix: `https://${text}` });
  if (/^[a-z]+:\/\/[^/?#]*@/i.test(text)) {
    hints.push({ code: "userinfo", fix: text.replace(/^([a-z]+:\/\/)[^/?#]*@/i, "$1") });
  }
  const bare = text.split(/[?#]/, 1)[0] ?? "";
  if (ENDPOINT_PATH.test(bare)) hints.push({ code: "endpoint_path", fix: bare.replace(ENDPOINT_PATH, "") });
  else if (bare !== text) hints.push({ code: "query", fix: bare });
  return hints;
}

export function findKeyHints(key: string): Hint<KeyHintCode>[] {
  if (key === "") return [];
  const trimmed = key.trim();
  if (/^bearer\s/i.test(trimmed)) return [{ code: "key_bearer", fix: trimmed.replace(/^bearer\s+/i, "") }];
  if (/^(["']).*\1$/.test(trimmed)) return [{ code: "key_quotes", fix: trimmed.slice(1, -1) }];
  if (trimmed !== key) return [{ code: "key_edges", fix: trimmed }];
  if (/\s/.test(key)) return [{ code: "key_space", fix: key.replace(/\s+/g, "") }];
  if (/[•…*]{3,}|…/.test(key)) return [{ code: "key_masked", fix: null }];
  return [];
}

export type Zone = "own_hardware" | "own_contract" | "router";

const ROUTERS = /(^|\.)openrouter\.ai$/;
const PROVIDERS =
  /(^|\.)(azure\.com|mistral\.ai|openai\.com|amazonaws\.com|googleapis\.com|together\.(ai|xyz)|fireworks\.ai|groq\.com|deepseek\.com|scaleway\.(ai|com)|ionos\.com|ovh\.net)$/;

/** Who probably runs the model, from well-known host names only; null when nothing can be said. */
export function guessZone(address: string): Zone | null {
  const host = hostOf(address);
  if (ROUTERS.test(host)) return "router";
  if (PROVIDERS.test(host)) return "own_contract";
  return null;
}
