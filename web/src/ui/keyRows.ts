// The table of keys as people read it: what each does, and what fields and lists do by themselves.
import { shortcutIds, shortcuts, type SendBy, type ShortcutId } from "./shortcuts";

/** Each of them does it; the keys of one are pressed together. */
export type Ways = readonly (readonly string[])[];

export function waysOf(id: ShortcutId): Ways {
  const { keys, held, goesBack } = shortcuts[id];
  const plain = keys.map((key) => (held ? [held, key] : [key]));
  return goesBack ? [...plain, ...keys.map((key) => ["shift", key])] : plain;
}

export const shortcutsOf = (where: "everywhere" | "chat"): ShortcutId[] => shortcutIds.filter((id) => shortcuts[id].where === where);

/** What can't be switched off: without it nothing could be written or chosen. */
export const fixedRows = (sendBy: SendBy): readonly { name: "send" | "break" | "move" | "take" | "leave"; ways: Ways }[] => [
  { name: "send", ways: sendBy === "enter" ? [["Enter"], ["command", "Enter"]] : [["command", "Enter"]] },
  { name: "break", ways: sendBy === "enter" ? [["shift", "Enter"]] : [["Enter"], ["shift", "Enter"]] },
  { name: "move", ways: [["ArrowUp"], ["ArrowDown"]] },
  { name: "take", ways: [["Enter"]] },
  { name: "leave", ways: [["Escape"]] },
];
