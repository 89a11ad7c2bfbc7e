import { beforeEach, describe, expect, it, vi } from "vitest";
import { forgetInvitation, takeInvitation } from "./invitation";

/** A tab with an address and a storage; the address bar is what is left of it. */
function openTab(hash: string, kept = new Map<string, string>()) {
  const bar = { path: `/invite${hash}` };
  vi.stubGlobal("location", { hash, pathname: "/invite" });
  vi.stubGlobal("history", { state: null, replaceState: (_state: unknown, _title: string, path: string) => { bar.path = path; } });
  vi.stubGlobal("window", { sessionStorage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  } });
  return { bar, kept };
}

describe("an invitation's secret", () => {
  beforeEach(() => vi.unstubAllGlobals());

  it("leaves the address bar as soon as the page is open", () => {
    const { bar } = openTab("#a-secret");
    expect(takeInvitation()).toBe("a-secret");
    expect(bar.path).toBe("/invite");
  });

  it("is there again when the tab comes back from signing in, and gone when it was used", () => {
    const { kept } = openTab("#a-secret");
    takeInvitation();
    openTab("", kept);
    expect(takeInvitation()).toBe("a-secret");
    forgetInvitation();
    expect(takeInvitation()).toBe("");
  });

  it("is the newer one where two links were opened", () => {
    const { kept } = openTab("#first");
    takeInvitation();
    openTab("#second", kept);
    expect(takeInvitation()).toBe("second");
  });

  it("works once where the browser keeps its storage closed", () => {
    openTab("#a-secret");
    vi.stubGlobal("window", {});
    expect(takeInvitation()).toBe("a-secret");
  });
});
