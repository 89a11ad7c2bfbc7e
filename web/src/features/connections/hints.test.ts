import { describe, expect, it } from "vitest";
import { findAddressHints, findKeyHints, guessZone, hostOf, isLocalHost } from "./hints";

const codes = (text: string) => findAddressHints(text).map((hint) => hint.code);

describe("hints about an address", () => {
  it("says nothing about a good address", () => {
    expect(codes("https://llm.kanzlei-brandt.de/v1")).toEqual([]);
    expect(codes("https://llm.kanzlei-brandt.de:8443/v1/")).toEqual([]);
    expect(codes("")).toEqual([]);
  });

  it("leaves somebody who is still typing alone", () => {
    for (const text of ["h", "https", "https:", "https:/", "https://", "https://llm"]) expect(codes(text)).toEqual([]);
  });

  it("offers https:// where it is missing", () => {
    expect(findAddressHints("llm.brandt.de/v1")).toEqual([{ code: "https_missing", fix: "https://llm.brandt.de/v1" }]);
    expect(findAddressHints("http://llm.brandt.de/v1")).toEqual([
      { code: "http_plain", fix: "https://llm.brandt.de/v1" },
    ]);
  });

  it("cuts a pasted endpoint path, with its query", () => {
    expect(findAddressHints("https://x.de/v1/chat/completions")).toEqual([{ code: "endpoint_path", fix: "https://x.de/v1" }]);
    expect(findAddressHints("https://x.de/v1/models?limit=1")[0]?.fix).toBe("https://x.de/v1");
    expect(findAddressHints("https://x.de/openai?api-version=2")).toEqual([{ code: "query", fix: "https://x.de/openai" }]);
  });

  it("explains the way out for a local Ollama instead of offering a correction", () => {
    expect(findAddressHints("http://localhost:11434")).toEqual([{ code: "ollama_local", fix: null }]);
    expect(codes("localhost:11434/v1")).toEqual(["ollama_local"]);
    expect(codes("http://192.168.1.20:8000/v1")).toEqual(["local_host"]);
    expect(codes("https://gpu.internal/v1")).toEqual(["local_host"]);
  });

  it("wants user name and password out of the address", () => {
    expect(findAddressHints("https://me:pw@x.de/v1")).toEqual([{ code: "userinfo", fix: "https://x.de/v1" }]);
  });

  it("finds spaces", () => {
    expect(findAddressHints("https://x.de /v1")).toEqual([{ code: "space", fix: "https://x.de/v1" }]);
  });
});

describe("hosts", () => {
  it("reads the host of whatever was typed", () => {
    expect(hostOf("https://a@LLM.de:8443/v1?x")).toBe("llm.de");
    expect(hostOf("[::1]:11434/v1")).toBe("::1");
  });

  it("knows local ones from public ones", () => {
    for (const host of ["localhost", "127.0.0.1", "10.0.0.1", "172.31.0.1", "100.64.0.1", "169.254.169.254", "::1", "fd00::1", "fe80::1"])
      expect(isLocalHost(host), host).toBe(true);
    for (const host of ["172.32.0.1", "100.128.0.1", "8.8.8.8", "fdic.gov", "local.de", "2a01:4f8::19"])
      expect(isLocalHost(host), host).toBe(false);
  });

  it("guesses the origin only from names everybody knows", () => {
    expect(guessZone("https://openrouter.ai/api/v1")).toBe("router");
    expect(guessZone("https://brandt.openai.azure.com")).toBe("own_contract");
    expect(guessZone("https://notopenrouter.ai/v1")).toBeNull();
    expect(guessZone("https://llm.brandt.de/v1")).toBeNull();
  });
});

describe("hints about a key", () => {
  it("says nothing about a clean key", () => {
    expect(findKeyHints("sk-abc_123")).toEqual([]);
    expect(findKeyHints("")).toEqual([]);
  });

  it("offers the key without what doesn't belong to it", () => {
    expect(findKeyHints(" sk-1\n")).toEqual([{ code: "key_edges", fix: "sk-1" }]);
    expect(findKeyHints("Bearer sk-1")).toEqual([{ code: "key_bearer", fix: "sk-1" }]);
    expect(findKeyHints('"sk-1"')).toEqual([{ code: "key_quotes", fix: "sk-1" }]);
    expect(findKeyHints("sk 1")).toEqual([{ code: "key_space", fix: "sk1" }]);
    expect(findKeyHints("sk-ab••••••yz")).toEqual([{ code: "key_masked", fix: null }]);
  });
});
