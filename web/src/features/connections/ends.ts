// When certificates end, counted in whole days as the server counts them, and which of them are close to it.
import type { StageView, TlsView } from "./types";

/** Three weeks: time enough to renew a certificate in an office with holidays. The server's test warns from the same day on. */
export const WARN_DAYS = 21;

const DAY_MS = 86_400_000;

/** Days from today to a day, both in UTC: 0 is today, less is over. */
export function daysUntil(day: string, now = Date.now()): number {
  return Math.round(Date.parse(`${day}T00:00:00Z`) / DAY_MS) - Math.floor(now / DAY_MS);
}

export interface CertificateEnd {
  which: "server" | "private_ca" | "client_certificate";
  name: string;
  expiresOn: string;
  daysLeft: number;
}

/** Certificates of a connection that end within three weeks or have ended, the first to end first. */
export function findEnds(tls: TlsView): CertificateEnd[] {
  const ends: CertificateEnd[] = [];
  const { server } = tls;
  if (server?.warns) ends.push({ which: "server", name: server.issuer, expiresOn: server.expires_on, daysLeft: server.days_left });
  for (const which of ["private_ca", "client_certificate"] as const) {
    const entered = tls[which];
    if (entered && entered.days_left < WARN_DAYS) {
      ends.push({ which, name: entered.name, expiresOn: entered.expires_on, daysLeft: entered.days_left });
    }
  }
  return ends.toSorted((a, b) => a.daysLeft - b.daysLeft);
}

export interface ServerTls {
  version: string;
  issuer: string;
  expiresOn: string;
  /** Only while a typed address is tested: it would lead to an address that nobody may see again. */
  keyHash: string | null;
}

/** What the tls stage found of the server, or null if it didn't get that far. */
export function serverTlsOf(stage: StageView): ServerTls | null {
  const { version, issuer, expires_on: expiresOn, key_sha256: keyHash } = stage.facts ?? {};
  if (stage.stage !== "tls" || typeof expiresOn !== "string" || typeof issuer !== "string") return null;
  return {
    version: String(version ?? "TLS").replace("TLSv", "TLS "),
    issuer,
    expiresOn,
    keyHash: typeof keyHash === "string" ? keyHash : null,
  };
}
