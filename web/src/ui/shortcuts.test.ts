import { afterEach, describe, expect, it, vi } from "vitest";
import { chooseSendBy, isPressed, isSendPressed, shortcutIds, switchShortcut } from "./shortcuts";

const up = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
const ctrlK = { ...up, key: "k", ctrlKey: true };
const commandK = { ...up, key: "k", metaKey: true };

describe("a shortcut with the command key", () => {
  it("is Ctrl on most machines and only ⌘ on a Mac, where Ctrl+K cuts the line", () => {
    expect([isPressed("palette", ctrlK, false), isPressed("palette", commandK, false)]).toEqual([true, false]);
    expect([isPressed("palette", ctrlK, true), isPressed("palette", commandK, true)]).toEqual([false, true]);
  });

  it("is pressed with the shift lock on, and not with another key held", () => {
    expect(isPressed("palette", { ...ctrlK, key: "K" }, false)).toBe(true);
    for (const held of ["altKey", "shiftKey", "metaKey"]) expect(isPressed("palette", { ...ctrlK, [held]: true }, false), held).toBe(false);
    expect(isPressed("palette", { ...up, key: "k" }, false)).toBe(false);
  });
});

describe("every shortcut", () => {
  const pressOf = { palette: ctrlK, sheet: { ...up, key: "?", shiftKey: true }, regions: { ...up, key: "F6" }, turns: { ...up, key: "ArrowUp", altKey: true }, stop: { ...up, key: "Escape" } };
  afterEach(() => shortcutIds.forEach((id) => switchShortcut(id, true)));

  it.each(shortcutIds)("%s: can be switched off, alone, and on again", (id) => {
    expect(isPressed(id, pressOf[id], false)).toBe(true);
    switchShortcut(id, false);
    expect(shortcutIds.filter((one) => !isPressed(one, pressOf[one], false))).toEqual([id]);
    switchShortcut(id, true);
    expect(isPressed(id, pressOf[id], false)).toBe(true);
  });

  it.each(shortcutIds)("%s: is never what AltGr types", (id) => {
    expect(isPressed(id, { ...pressOf[id], ctrlKey: true, altKey: true }, false)).toBe(false);
  });
});

describe("sending", () => {
  afterEach(() => chooseSendBy("enter"));
  const enter = { ...up, key: "Enter" };

  it("is done by Enter, and never with Shift", () => {
    expect(isSendPressed(enter, false)).toBe(true);
    expect(isSendPressed({ ...enter, shiftKey: true }, false)).toBe(false);
  });

  it("is done by Ctrl or ⌘ with Enter alone, once that was chosen", () => {
    chooseSendBy("command");
    expect(isSendPressed(enter, false)).toBe(false);
    expect([isSendPressed({ ...enter, ctrlKey: true }, false), isSendPressed({ ...enter, metaKey: true }, false)]).toEqual([true, false]);
    expect([isSendPressed({ ...enter, ctrlKey: true }, true), isSendPressed({ ...enter, metaKey: true }, true)]).toEqual([false, true]);
  });
});

describe("choices in two tabs", () => {
  afterEach(() => vi.unstubAllGlobals());

  const twoTabs = async () => {
    const kept = new Map<string, string>();
    const hear: ((event: { key: string | null }) => void)[] = [];
    vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => void kept.set(key, text) });
    vi.stubGlobal("addEventListener", (name: string, listener: (typeof hear)[number]) => name === "storage" && hear.push(listener));
    const open = async () => (vi.resetModules(), import("./shortcuts"));
    return { tabs: [await open(), await open()] as const, tell: (at: number, key: string | null) => hear[at]?.({ key }), kept };
  };

  it("are not written over by one that has not heard of them", async () => {
    const { tabs: [one, other] } = await twoTabs();
    one.switchShortcut("palette", false);
    one.chooseSendBy("command");
    other.switchShortcut("sheet", false);
    expect(other.isPressed("palette", ctrlK, false)).toBe(false);
    expect(other.isSendPressed({ ...up, key: "Enter" }, false)).toBe(false);
  });

  it("are taken over as they are made, and when all is cleared", async () => {
    const { tabs: [one, other], tell, kept } = await twoTabs();
    one.switchShortcut("palette", false);
    tell(1, "something.else");
    expect(other.isPressed("palette", ctrlK, false)).toBe(true);
    tell(1, "moorage.keysOff");
    expect(other.isPressed("palette", ctrlK, false)).toBe(false);
    kept.clear();
    tell(1, null);
    expect(other.isPressed("palette", ctrlK, false)).toBe(true);
  });
});
