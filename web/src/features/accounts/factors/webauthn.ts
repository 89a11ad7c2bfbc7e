// The browser's side of passkeys: JSON of the server to bytes and back, and what went wrong in one word.

/** Bytes stand as base64url in the JSON of WebAuthn level 3. */
export interface PasskeyOptions {
  challenge: string;
  rpId?: string;
  timeout?: number;
  [name: string]: unknown;
}

/** `quiet` needs no word: the page itself ended it. */
export type Trouble = "cancelled" | "known" | "address" | "unable" | "quiet" | "failed";

export const passkeysSupported = (): boolean => window.isSecureContext && typeof window.PublicKeyCredential === "function";

export async function canAutofill(): Promise<boolean> {
  if (!passkeysSupported() || !("isConditionalMediationAvailable" in PublicKeyCredential)) return false;
  return PublicKeyCredential.isConditionalMediationAvailable();
}

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (mark) => mark.codePointAt(0) ?? 0);
}

export function toText(bytes: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCodePoint(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

type Named = { id: string; type: "public-key"; transports?: AuthenticatorTransport[] };
const named = (list: unknown): PublicKeyCredentialDescriptor[] => ((list ?? []) as Named[]).map((one) => ({ ...one, id: toBytes(one.id) }));

/** Has the browser make a passkey; gives the answer as JSON. */
export async function makePasskey(options: PasskeyOptions): Promise<object> {
  const user = options["user"] as { id: string; name: string; displayName: string };
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...user, id: toBytes(user.id) },
    excludeCredentials: named(options["excludeCredentials"]),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential | null;
  if (!made) throw new DOMException("", "NotAllowedError");
  const response = made.response as AuthenticatorAttestationResponse;
  return told(made, {
    clientDataJSON: toText(response.clientDataJSON),
    attestationObject: toText(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

/** Has the browser use a passkey; `autofill` waits inside the mail field until one is chosen. */
export async function readPasskey(options: PasskeyOptions, { autofill = false, signal }: { autofill?: boolean; signal?: AbortSignal } = {}): Promise<object> {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: named(options["allowCredentials"]),
  } as unknown as PublicKeyCredentialRequestOptions;
  const used = (await navigator.credentials.get({
    publicKey,
    ...(autofill ? { mediation: "conditional" as CredentialMediationRequirement } : {}),
    ...(signal ? { signal } : {}),
  })) as PublicKeyCredential | null;
  if (!used) throw new DOMException("", "NotAllowedError");
  const response = used.response as AuthenticatorAssertionResponse;
  return told(used, {
    clientDataJSON: toText(response.clientDataJSON),
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    userHandle: response.userHandle ? toText(response.userHandle) : null,
  });
}

function told(credential: PublicKeyCredential, response: object): object {
  const id = toText(credential.rawId);
  return { id, rawId: id, type: credential.type, response, clientExtensionResults: {} };
}

/** Null for errors that are no browser's word about passkeys. */
export function troubleOf(error: unknown): Trouble | null {
  if (!(error instanceof DOMException)) return null;
  switch (error.name) {
    // Cancelled and timed out are one error on purpose: a page must not learn which passkeys there are.
    case "NotAllowedError":
      return "cancelled";
    case "InvalidStateError":
      return "known";
    case "SecurityError":
      return "address";
    case "NotSupportedError":
    case "ConstraintError":
      return "unable";
    case "AbortError":
      return "quiet";
    default:
      return "failed";
  }
}
