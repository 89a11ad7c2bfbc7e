// What somebody is typing is kept per person and conversation until it is sent: reloads and wrong clicks lose nothing.
import { useCallback, useEffect, useRef, useState } from "react";
import { useSignedIn } from "@/api/session";

const prefix = "moorage.draft.";
const saveAfterMs = 250;

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function write(key: string, text: string): void {
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
  } catch {
    // Storage is full or closed: the draft lives as long as the page.
  }
}

/** Who signs out leaves no unsent words behind in a browser that others may use. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
  } catch {
    // Storage is closed: nothing was kept.
  }
}

export interface Draft {
  text: string;
  change: (text: string) => void;
  /** Empties the field while the message is on its way; what is stored stays until `settle`. */
  hide: () => void;
  /** The message is stored on the server: the draft may go, unless something new was typed. */
  settle: () => void;
  /** Sending failed: the words come back, in front of anything typed meanwhile. */
  restore: (sent: string) => void;
}

export function useDraft(conversationId: string | null): Draft {
  const { me, team } = useSignedIn();
  // An unsent new chat belongs to one person in one team; the next one at this desk never sees it.
  const key = `${prefix}${me.id}.${conversationId ?? `new.${team.id}`}`;
  const [text, setText] = useState(() => read(key));
  const current = useRef(text);
  const pending = useRef<{ timer: ReturnType<typeof setTimeout>; text: string } | null>(null);
  const flush = useCallback(() => {
    if (!pending.current) return;
    clearTimeout(pending.current.timer);
    write(key, pending.current.text);
    pending.current = null;
  }, [key]);
  useEffect(() => {
    addEventListener("pagehide", flush);
    return () => {
      removeEventListener("pagehide", flush);
      flush();
    };
  }, [flush]);
  const change = useCallback((next: string) => {
    current.current = next;
    setText(next);
    if (pending.current) clearTimeout(pending.current.timer);
    pending.current = { text: next, timer: setTimeout(flush, saveAfterMs) };
    if (next === "") flush();
  }, [flush]);
  const hide = useCallback(() => {
    flush();
    current.current = "";
    setText("");
  }, [flush]);
  const settle = useCallback(() => {
    if (current.current === "") write(key, "");
  }, [key]);
  const restore = useCallback((sent: string) => change(current.current === "" ? sent : `${sent}\n\n${current.current}`), [change]);
  return { text, change, hide, settle, restore };
}
