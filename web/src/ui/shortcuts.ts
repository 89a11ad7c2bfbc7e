// Every key that the pages listen to beyond what fields, lists and links do by themselves. Listeners, the sheet of keys
// and the settings read this one table. What is switched off is kept in this browser: another keyboard may want other keys.
import { useSyncExternalStore } from "react";

// Node, where tests run, may know no navigator.
export const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

export interface Shortcut {
  keys: readonly string[];
  /** Held down with it. `command` is ⌘ on a Mac and Ctrl elsewhere: on a Mac, Ctrl+K is "delete to the end of the line". */
  held?: "command" | "alt";
  /** With Shift it goes the other way. */
  goesBack?: boolean;
  /** Only where nobody types. */
  outsideFields?: boolean;
  where: "everywhere" | "chat";
}

const table = {
  palette: { keys: ["k"], held: "command", where: "everywhere" },
  sheet: { keys: ["?"], outsideFields: true, where: "everywhere" },
  regions: { keys: ["F6"], goesBack: true, where: "chat" },
  // In a field it goes from paragraph to paragraph on a Mac.
  turns: { keys: ["ArrowUp", "ArrowDown"], held: "alt", outsideFields: true, where: "chat" },
  stop: { keys: ["Escape"], where: "chat" },
} as const satisfies Record<string, Shortcut>;

export type ShortcutId = keyof typeof table;
export const shortcuts: Readonly<Record<ShortcutId, Shortcut>> = table;
export const shortcutIds = Object.keys(table) as ShortcutId[];

/** Which of the two sends a message; with the other one, and always with Shift and Enter, the line breaks. */
export type SendBy = "enter" | "command";

const offKey = "moorage.keysOff";
const sendKey = "moorage.sendBy";

interface Choices {
  off: ReadonlySet<string>;
  sendBy: SendBy;
}

function read(): Choices {
  try {
    return { off: new Set(localStorage.getItem(offKey)?.split(" ")), sendBy: localStorage.getItem(sendKey) === "command" ? "command" : "enter" };
  } catch {
    return { off: new Set(), sendBy: "enter" };
  }
}

let choices = read();
/** Whether the storage takes what is chosen; else only this page knows it. */
let isKept = true;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function take(next: Choices): void {
  choices = next;
  for (const listener of listeners) listener();
}

/** Another tab may have chosen something since: it is read anew, or its choice would be written over. */
function change(by: (now: Choices) => Choices): void {
  const next = by(isKept ? read() : choices);
  try {
    localStorage.setItem(offKey, [...next.off].join(" "));
    localStorage.setItem(sendKey, next.sendBy);
  } catch {
    // Not remembered then; the page still changes now.
    isKept = false;
  }
  take(next);
}

// Of other tabs only; null: all of it was cleared.
globalThis.addEventListener?.("storage", ({ key }) => (key === null || key === offKey || key === sendKey) && take(read()));

export const useKeyChoices = (): Choices => useSyncExternalStore(subscribe, () => choices);
export const chooseSendBy = (sendBy: SendBy): void => change((now) => ({ ...now, sendBy }));

export function switchShortcut(id: ShortcutId, isOn: boolean): void {
  change((now) => {
    const off = new Set(now.off);
    if (isOn) off.delete(id);
    else off.add(id);
    return { ...now, off };
  });
}

export interface Pressed extends Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey"> {
  target?: EventTarget | null;
}

const isCommand = (event: Pressed, onMac: boolean): boolean => (onMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey) && !event.altKey;

function isInField(target: EventTarget | null | undefined): boolean {
  return typeof Element !== "undefined" && target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Whether this event is that shortcut, and it is on. Ctrl with Alt is never one: it is how AltGr arrives on Windows. */
export function isPressed(id: ShortcutId, event: Pressed, onMac = isMac): boolean {
  const { keys, held, outsideFields } = shortcuts[id];
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (choices.off.has(id) || !keys.includes(key) || (outsideFields && isInField(event.target))) return false;
  if (held === "command") return isCommand(event, onMac) && !event.shiftKey;
  return !event.ctrlKey && !event.metaKey && event.altKey === (held === "alt");
}

/** Whether this press of Enter sends what is in the message field. Where Enter alone does, Ctrl or ⌘ with it does, too. */
export function isSendPressed(event: Pressed, onMac = isMac): boolean {
  if (event.key !== "Enter" || event.shiftKey) return false;
  return choices.sendBy === "enter" || isCommand(event, onMac);
}
