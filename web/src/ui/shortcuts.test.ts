import { describe, expect, it } from "vitest";
import { isPressed } from "./shortcuts";

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
