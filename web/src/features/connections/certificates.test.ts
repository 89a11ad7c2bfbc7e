import { describe, expect, it } from "vitest";
import { formatsFor } from "@/i18n/format";
import { blamedField, certificateFieldOf, isSamePin, noCertificates, pinCommand, toTls } from "./certificates";
import { daysUntil, findEnds, serverTlsOf } from "./ends";
import { countPem, findPemHints, joinPem, readPem } from "./pem";
import { isReady, needsAddress, type Replacement, toReplace, toTryOut } from "./replacing";
import { advance, describeRun, idleRun } from "./stages";
import type { StageView, TlsView } from "./types";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
const KEY = "-----BEGIN PRIVATE KEY-----\nMIIC\n-----END PRIVATE KEY-----";

const tlsStage = (state: StageView["state"], more: Partial<StageView> = {}): StageView => ({ stage: "tls", state, code: null, message: "", facts: {}, ms: 1, ...more });

describe("entered certificates", () => {
  it("are not sent where nothing was entered", () => {
    expect(toTls({ caPem: " \n", clientPem: "", pin: "" })).toBeNull();
    expect(toTls({ ...noCertificates(), pin: " abc " })).toEqual({ ca_pem: "", client_pem: "", pin: "abc" });
  });

  it("are blamed by the code of the failed stage, whichever stage that is", () => {
    const failed = (stage: StageView["stage"], code: string) => advance(idleRun(), { type: "stage", stage: { ...tlsStage("failed"), stage, code } });
    expect(blamedField(failed("tls", "tls_untrusted"))).toBe("caPem");
    expect(blamedField(failed("tls", "tls_pin"))).toBe("pin");
    expect(blamedField(failed("credential", "tls_client_certificate"))).toBe("clientPem");
    expect(blamedField(failed("credential", "connection_lost"))).toBe("clientPem");
    expect(blamedField(failed("completion", "connection_lost"))).toBeNull();
    expect(blamedField(failed("tls", "tls_expired"))).toBeNull();
    expect(blamedField(idleRun())).toBeNull();
  });

  it("are found by the name that the server gives their field", () => {
    expect(certificateFieldOf({ field: "tls.client_pem" })).toBe("clientPem");
    expect(certificateFieldOf({ field: "base_url" })).toBeNull();
    expect(certificateFieldOf(null)).toBeNull();
  });
});

describe("a pinned key", () => {
  const base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  const hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  it("is the same in all the ways people write it", () => {
    const written = [base64, `sha256//${base64}`, ` ${base64}\n`, hex, hex.toUpperCase(), (hex.match(/../g) ?? []).join(":")];
    expect(written.filter((text) => !isSamePin(text, base64))).toEqual([]);
    expect(isSamePin("", base64)).toBe(false);
    expect(isSamePin(hex.replace("e3", "e4"), base64)).toBe(false);
  });

  it("is asked of the server by a line that holds nothing but a host and a port of what was typed", () => {
    expect(pinCommand("https://llm.brandt.de:8443/v1")).toContain("-connect llm.brandt.de:8443 -servername llm.brandt.de ");
    expect(pinCommand("https://llm.brandt.de/v1")).toContain("-connect llm.brandt.de:443 ");
    for (const address of ["https://a.de;reboot/v1", "https://$(reboot)/v1", "https://me@a.de/v1", "https://a.de`reboot`", "", "a.de"]) {
      expect(pinCommand(address)).toContain("-connect llm.example.com:443 -servername llm.example.com </dev/null");
    }
  });
});

describe("certificates in text form", () => {
  it("are read from binary files, too", () => {
    const der = Uint8Array.from([0x30, 0x82, 0x01, 0x0a, ...Array.from({ length: 90 }, (_, i) => i)]);
    const text = readPem(der);
    const lines = text.split("\n");
    expect([lines[0], lines.at(-1)]).toEqual(["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"]);
    expect(lines.slice(1, -1).every((line) => line.length <= 64)).toBe(true);
    expect(Uint8Array.from(atob(lines.slice(1, -1).join("")), (char) => char.charCodeAt(0))).toEqual(der);
    expect(readPem(new TextEncoder().encode(`${CERTIFICATE}\n`))).toBe(CERTIFICATE);
  });

  it("are joined from two files, each once", () => {
    const both = joinPem("", [CERTIFICATE, KEY]);
    expect(countPem(both)).toEqual({ certificates: 1, keys: 1 });
    expect(joinPem(both, [KEY])).toBe(both);
    expect(joinPem("", [])).toBe("");
  });

  it("are looked at before anything is sent", () => {
    const codes = (kind: "caPem" | "clientPem", text: string) => findPemHints(kind, text).map((hint) => hint.code);
    expect(codes("caPem", CERTIFICATE)).toEqual([]);
    expect(codes("caPem", "")).toEqual([]);
    expect(codes("caPem", "MIIB")).toEqual(["pem_none"]);
    expect(codes("caPem", `${CERTIFICATE}\n${KEY}`)).toEqual(["ca_key"]);
    expect(codes("clientPem", `${CERTIFICATE}\n${KEY}`)).toEqual([]);
    expect(codes("clientPem", CERTIFICATE)).toEqual(["client_key_missing"]);
    expect(codes("clientPem", `${CERTIFICATE}\n${KEY.replaceAll("PRIVATE", "ENCRYPTED PRIVATE")}`)).toEqual(["client_key_locked"]);
    expect(codes("caPem", "x".repeat(70_000))).toEqual(["pem_long"]);
  });
});

describe("the end of a certificate", () => {
  const now = Date.parse("2026-11-23T22:30:00Z");
  const tls = (more: Partial<TlsView>): TlsView => ({ private_ca: null, client_certificate: null, pinned: false, server: null, ...more });

  it("is counted in whole days as the server counts them", () => {
    expect(["2026-11-23", "2026-11-24", "2026-11-22", "2027-11-23"].map((day) => daysUntil(day, now))).toEqual([0, 1, -1, 365]);
  });

  it("is worded in the person's language", () => {
    expect([-2, -1, 0, 1, 20].map(formatsFor("en").days)).toEqual(["2 days ago", "yesterday", "today", "tomorrow", "in 20 days"]);
    expect([-3, 0, 1, 20].map(formatsFor("de").days)).toEqual(["vor 3 Tagen", "heute", "morgen", "in 20 Tagen"]);
  });

  it("is warned of from three weeks before, the first to end first", () => {
    const entered = (days_left: number) => ({ name: "Kanzlei", expires_on: "2026-12-01", days_left });
    const server = { issuer: "Kanzlei", expires_on: "2026-12-01", days_left: 20, warns: true, seen_at: "2026-11-23T12:00:00Z" };
    expect(findEnds(tls({ private_ca: entered(21), client_certificate: entered(400), server: { ...server, days_left: 21, warns: false } }))).toEqual([]);
    expect(findEnds(tls({ private_ca: entered(20), client_certificate: entered(-1), server })).map((end) => end.which)).toEqual(["client_certificate", "server", "private_ca"]);
  });
});

describe("the row of the encrypted connection", () => {
  const facts = { version: "TLSv1.3", issuer: "Kanzlei", expires_on: "2027-11-23", key_sha256: "abc=" };

  it("has facts only where the handshake was finished", () => {
    expect(serverTlsOf(tlsStage("passed", { facts }))).toEqual({ version: "TLS 1.3", issuer: "Kanzlei", expiresOn: "2027-11-23", keyHash: "abc=" });
    expect(serverTlsOf(tlsStage("failed"))).toBeNull();
    expect(serverTlsOf({ ...tlsStage("passed", { facts }), stage: "dns" })).toBeNull();
  });

  it("goes into a ticket with issuer and last day, without the hash that leads to the address (P12)", () => {
    const text = describeRun(advance(idleRun(), { type: "stage", stage: tlsStage("passed", { facts }) }), (name) => name);
    expect(text).toContain("issuer=Kanzlei, expires_on=2027-11-23");
    expect(text).not.toContain("abc=");
  });
});

describe("a replacement", () => {
  const stored = { key: true, certificates: true };
  const wish = (more: Partial<Replacement>): Replacement => ({ what: "key", url: "", apiKey: "sk-secret", authStyle: "auto", choice: "keep", entered: noCertificates(), ...more });
  const entered = { caPem: CERTIFICATE, clientPem: "", pin: "" };

  it("says nothing of certificates that stay, and sends empty ones to remove them", () => {
    expect(toReplace(wish({}))).toMatchObject({ base_url: null, tls: null });
    expect(toReplace(wish({ entered }))).toMatchObject({ tls: null });
    expect(toReplace(wish({ choice: "remove", entered }))).toMatchObject({ tls: { ca_pem: "", client_pem: "", pin: "" } });
    expect(toReplace(wish({ choice: "enter", entered }))).toMatchObject({ tls: { ca_pem: CERTIFICATE } });
  });

  it("takes no certificates along to a new address but those entered for it", () => {
    const both = wish({ what: "both", url: " https://other.de/v1 " });
    expect(toReplace(both)).toMatchObject({ base_url: "https://other.de/v1", tls: null });
    expect(toReplace({ ...both, entered })).toMatchObject({ tls: { ca_pem: CERTIFICATE } });
    expect(toTryOut({ ...both, entered }, "openai_compatible", "m")).toMatchObject({ base_url: "https://other.de/v1", tls: { ca_pem: CERTIFICATE }, model_id: "m" });
  });

  it("of certificates asks for the key again, if there is one", () => {
    const certificates = wish({ what: "certificates", choice: "enter", entered, url: "https://a.example/v1" });
    expect(isReady(certificates, stored)).toBe(true);
    expect(isReady({ ...certificates, apiKey: "" }, stored)).toBe(false);
    expect(isReady({ ...certificates, apiKey: "" }, { key: false, certificates: true })).toBe(true);
    expect(isReady({ ...certificates, entered: noCertificates() }, stored)).toBe(false);
    expect(isReady({ ...certificates, choice: "remove", entered: noCertificates() }, stored)).toBe(true);
  });

  it("asks for the address wherever certificates are entered or removed, and sends it", () => {
    expect(needsAddress(wish({}))).toBe(false);
    expect(needsAddress(wish({ choice: "enter" }))).toBe(false);
    for (const changed of [wish({ choice: "remove" }), wish({ choice: "enter", entered }), wish({ what: "certificates", choice: "remove" })]) {
      expect(needsAddress(changed)).toBe(true);
      expect(isReady({ ...changed, url: " " }, stored)).toBe(false);
      expect(isReady({ ...changed, url: "https://a.example/v1" }, stored)).toBe(true);
      expect(toReplace({ ...changed, url: " https://a.example/v1 " }).base_url).toBe("https://a.example/v1");
    }
  });

  it("never removes certificates because somebody left the fields empty", () => {
    expect(isReady(wish({ choice: "enter" }), stored)).toBe(false);
    expect(isReady(wish({ choice: "enter" }), { key: true, certificates: false })).toBe(true);
  });
});
