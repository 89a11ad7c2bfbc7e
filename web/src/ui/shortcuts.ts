// Every key that the pages listen to beyond what fields, lists and links do by themselves. Listeners, the sheet of keys
// and the settings read this one table.

// Node, where tests run, may know no navigator.
export const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

export interface Shortcut {
  keys: readonly string[];
  /** Held down with it. `command` is ⌘ on a Mac and Ctrl elsewhere: on a Mac, Ctrl+K is "delete to the end of the line". */
  held?: "command" | "alt";
  /** Shift goes the other way. */
  goesBack?: boolean;
  where: "everywhere" | "chat";
}

const table = {
  palette: { keys: ["k"], held: "command", where: "everywhere" },
} as const satisfies Record<string, Shortcut>;

export type ShortcutId = keyof typeof table;
export const shortcuts: Readonly<Record<ShortcutId, Shortcut>> = table;
export const shortcutIds = Object.keys(table) as ShortcutId[];

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/** Whether this event is that shortcut. Ctrl with Alt is never one: it is how AltGr arrives on Windows. */
export function isPressed(id: ShortcutId, event: Pressed, onMac = isMac): boolean {
  const { keys, held } = shortcuts[id];
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!keys.includes(key)) return false;
  if (held === "command") return (onMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey) && !event.altKey && !event.shiftKey;
  return !event.ctrlKey && !event.metaKey && event.altKey === (held === "alt");
}
