// Certificates in text form: read from chosen files, joined, and looked at without any network. Hints advise, the server decides.
import type { Hint } from "./hints";

/** As long as the server takes it. */
export const MAX_PEM_CHARS = 65_536;

export interface PemCount {
  certificates: number;
  keys: number;
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

export const countPem = (text: string): PemCount => ({
  certificates: count(text, /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g),
  keys: count(text, /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/g),
});

/** A file's text. Windows saves certificates in binary form (DER) under the same names; that is written out as PEM. */
export function readPem(bytes: Uint8Array): string {
  const isBinary = bytes[0] === 0x30 && bytes.some((byte) => byte === 0 || byte > 0x7e);
  if (!isBinary) return new TextDecoder().decode(bytes).trim();
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return ["-----BEGIN CERTIFICATE-----", ...(base64.match(/.{1,64}/g) ?? []), "-----END CERTIFICATE-----"].join("\n");
}

/** Adds chosen files below what is there: a certificate and its key often lie in two. What is there already isn't added again. */
export function joinPem(before: string, added: string[]): string {
  const parts = before.trim() === "" ? [] : [before.trim()];
  for (const text of added) if (text !== "" && !parts.some((part) => part.includes(text))) parts.push(text);
  return parts.length === 0 ? "" : `${parts.join("\n")}\n`;
}

export type PemHintCode = "pem_none" | "pem_long" | "ca_key" | "client_key_missing" | "client_key_locked";

export function findPemHints(kind: "caPem" | "clientPem", text: string): Hint<PemHintCode>[] {
  if (text.trim() === "") return [];
  if (text.length > MAX_PEM_CHARS) return [{ code: "pem_long", fix: null }];
  const found = countPem(text);
  if (kind === "caPem" && found.keys > 0) return [{ code: "ca_key", fix: null }];
  if (found.certificates === 0) return [{ code: "pem_none", fix: null }];
  if (kind === "caPem") return [];
  if (found.keys === 0) return [{ code: "client_key_missing", fix: null }];
  return text.includes("ENCRYPTED") ? [{ code: "client_key_locked", fix: null }] : [];
}
