// What a connection believes and shows beside the system's rules, as a person enters it. Pure rules, no React.
import type { TestRun } from "./stages";
import type { Problem, TlsInput, TlsView } from "./types";

/** The client certificate carries its private key: it is treated as the API key is, never kept and never shown. */
export interface Certificates {
  caPem: string;
  clientPem: string;
  pin: string;
}

export type CertificateField = keyof Certificates;

export const noCertificates = (): Certificates => ({ caPem: "", clientPem: "", pin: "" });

/** The parts that hold something, in the order in which they are shown. */
export const enteredFields = (entered: Certificates): CertificateField[] =>
  (["caPem", "clientPem", "pin"] as const).filter((field) => entered[field].trim() !== "");

/** As the server wants it; null where nothing was entered. */
export function toTls(entered: Certificates): TlsInput | null {
  if (enteredFields(entered).length === 0) return null;
  return { ca_pem: entered.caPem.trim(), client_pem: entered.clientPem.trim(), pin: entered.pin.trim() };
}

const serverNames: Record<string, CertificateField> = { "tls.ca_pem": "caPem", "tls.client_pem": "clientPem", "tls.pin": "pin" };

/** The field that a refusal names, if it names one of these. */
export const certificateFieldOf = (problem: Pick<Problem, "field"> | null): CertificateField | null =>
  serverNames[problem?.field ?? ""] ?? null;

const blamed: Record<string, CertificateField> = {
  tls_untrusted: "caPem",
  tls_client_certificate: "clientPem",
  client_certificate_refused: "clientPem",
  tls_pin: "pin",
};

/**
 * The field that a failed stage points at. Under TLS 1.3 a refused client certificate shows only at the sign-in; some
 * servers, uvicorn's among them, then hang up without a word.
 */
export function blamedField(run: TestRun): CertificateField | null {
  const failed = run.rows.find((row) => row.state === "failed");
  if (failed?.stage === "credential" && failed.code === "connection_lost") return "clientPem";
  return blamed[failed?.code ?? ""] ?? null;
}

/** Whether a typed pin names this key: base64, with or without sha256// before it, or hexadecimal digits. */
export function isSamePin(typed: string, keyHash: string): boolean {
  const text = typed.trim().replace(/^sha256\/\/?/, "");
  const digits = text.replaceAll(":", "");
  if (!/^[0-9a-f]{64}$/i.test(digits)) return text === keyHash;
  const bytes = digits.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return btoa(String.fromCharCode(...bytes)) === keyHash;
}

/** A line for a terminal that prints the hash of a server's key. The host is written in only if nothing in it could act there. */
export function pinCommand(address: string): string {
  const authority = /^https:\/\/([a-z0-9.-]+)(?::(\d{1,5}))?(?:\/|$)/i.exec(address.trim());
  const host = authority?.[1] ?? "llm.example.com";
  const ask = `openssl s_client -connect ${host}:${authority?.[2] ?? "443"} -servername ${host} </dev/null`;
  return `${ask} | openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`;
}

export const hasStored = (tls: TlsView): boolean => Boolean(tls.private_ca ?? tls.client_certificate) || tls.pinned;
