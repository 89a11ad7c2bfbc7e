// What lies over whatever page is open, asked for from anywhere: one at a time. And the wish to search, which the list of chats hears.
import { useSyncExternalStore } from "react";

export type Overlay = "palette" | "sheet";

interface Asked {
  overlay: Overlay | null;
  /** What had the keyboard before. */
  opener: Element | null;
  /** Words that the search field of the chats is asked to look for; null: nobody asks. */
  sought: string | null;
}

let asked: Asked = { overlay: null, opener: null, sought: null };
const listeners = new Set<() => void>();

function ask(change: Partial<Asked>): void {
  asked = { ...asked, ...change };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** An entry of a menu goes with its menu: then it is the menu's button. */
function atKeyboard(): Element | null {
  const menu = document.activeElement?.closest("[role=menu]");
  return menu ? document.getElementById(menu.getAttribute("aria-labelledby") ?? "") : document.activeElement;
}

export const openOverlay = (overlay: Overlay): void => ask({ overlay, opener: asked.overlay ? asked.opener : atKeyboard() });
export const closeOverlay = (): void => ask({ overlay: null });
export const seekChats = (text: string): void => ask({ sought: text });
export const soughtTaken = (): void => ask({ sought: null });

export const useOverlay = (): Overlay | null => useSyncExternalStore(subscribe, () => asked.overlay);
/** What gets the keyboard back, or else the page itself. */
export function backTo(): HTMLElement | null {
  const { opener } = asked;
  return opener instanceof HTMLElement && opener.isConnected && opener !== document.body ? opener : document.getElementById("main");
}

export const useSought = (): string | null => useSyncExternalStore(subscribe, () => asked.sought);

let follows = false;

/** The page that is gone to next gets the keyboard, too. */
export const followNext = (): void => void (follows = true);

/** That page is there. What is in it may have taken the keyboard already. */
export function follow(): void {
  if (follows && document.activeElement === document.body) document.getElementById("main")?.focus();
  follows = false;
}
