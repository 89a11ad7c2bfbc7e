import { describe, expect, it } from "vitest";
import { toBytes, toText, troubleOf } from "./webauthn";

describe("bytes in the JSON of passkeys", () => {
  it("are base64url without padding, there and back", () => {
    for (const bytes of [[], [0], [255, 254, 253], [251, 255, 191, 62, 63], Array.from({ length: 256 }, (_, at) => at)]) {
      const text = toText(new Uint8Array(bytes).buffer);
      expect(text).toMatch(/^[\w-]*$/);
      expect([...toBytes(text)]).toEqual(bytes);
    }
  });
});

describe("what went wrong with a passkey", () => {
  it.each([
    ["NotAllowedError", "cancelled"],
    ["InvalidStateError", "known"],
    ["SecurityError", "address"],
    ["ConstraintError", "unable"],
    ["AbortError", "quiet"],
    ["UnknownError", "failed"],
  ])("%s is told as %s", (name, trouble) => {
    expect(troubleOf(new DOMException("", name))).toBe(trouble);
  });

  it("is left to others when it is no error of a browser", () => {
    expect(troubleOf(new Error("x"))).toBe(null);
  });
});
