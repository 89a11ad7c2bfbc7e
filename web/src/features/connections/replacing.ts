// What a replacement sends, and when it may. The server seals a key to its address and certificates, so all three go together.
import { enteredFields, toTls, type Certificates } from "./certificates";
import type { AuthStyle, EndpointReplace, Provider, TestRequest, TlsInput } from "./types";

export type What = "key" | "certificates" | "both";

/** What becomes of the certificates: those that are stored stay, go, or give way to what is entered. */
export type CertificateChoice = "keep" | "enter" | "remove";

export interface Replacement {
  what: What;
  url: string;
  apiKey: string;
  authStyle: AuthStyle;
  choice: CertificateChoice;
  entered: Certificates;
}

const NONE: TlsInput = { ca_pem: "", client_pem: "", pin: "" };

/** null: nothing is said of certificates. With a kept address that keeps them, with a new one there are none. */
function tlsOf({ what, choice, entered }: Replacement): TlsInput | null {
  if (what === "both") return toTls(entered);
  if (choice === "keep") return null;
  return choice === "remove" ? NONE : toTls(entered);
}

export interface Stored {
  key: boolean;
  certificates: boolean;
}

/** Certificates go with the address they are for: else it could be found out by entering those of whom one guesses. */
export const needsAddress = (replacement: Replacement): boolean => replacement.what === "both" || tlsOf(replacement) !== null;

export function isReady(replacement: Replacement, stored: Stored): boolean {
  const { what, url, apiKey, choice, entered } = replacement;
  const hasKeyEntered = apiKey !== "";
  const isChosen = choice !== "enter" || enteredFields(entered).length > 0;
  if (needsAddress(replacement) && url.trim() === "") return false;
  switch (what) {
    case "key":
      return hasKeyEntered && (isChosen || !stored.certificates);
    case "certificates":
      return (hasKeyEntered || !stored.key) && isChosen && choice !== "keep";
    case "both":
      return true;
  }
}

export const toReplace = (replacement: Replacement): EndpointReplace => ({
  base_url: needsAddress(replacement) ? replacement.url.trim() : null,
  api_key: replacement.apiKey,
  auth_style: replacement.authStyle,
  tls: tlsOf(replacement),
});

/** The same as a test of something new, after which nothing is replaced. `modelId`: where no list is offered. */
export const toTryOut = ({ url, apiKey, authStyle, entered }: Replacement, provider: Provider, modelId: string | null): TestRequest => ({
  provider,
  base_url: url.trim(),
  api_key: apiKey,
  auth_style: authStyle,
  tls: toTls(entered),
  model_id: modelId,
});
