import { afterEach, describe, expect, it } from "vitest";
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
