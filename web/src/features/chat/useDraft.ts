// What somebody is typing is kept per conversation until it is sent: reloads and wrong clicks lose nothing.
import { useCallback, useEffect, useRef, useState } from "react";

const keyOf = (conversationId: string | null) => `moorage.draft.${conversationId ?? "new"}`;
const saveAfterMs = 250;

function read(conversationId: string | null): string {
  try {
    return localStorage.getItem(keyOf(conversationId)) ?? "";
  } catch {
    return "";
  }
}

function write(conversationId: string | null, text: string): void {
  try {
    if (text) localStorage.setItem(keyOf(conversationId), text);
    else localStorage.removeItem(keyOf(conversationId));
  } catch {
    // Storage is full or closed: the draft lives as long as the page.
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
  const [text, setText] = useState(() => read(conversationId));
  const current = useRef(text);
  const pending = useRef<{ timer: ReturnType<typeof setTimeout>; text: string } | null>(null);
  const flush = useCallback(() => {
    if (!pending.current) return;
    clearTimeout(pending.current.timer);
    write(conversationId, pending.current.text);
    pending.current = null;
  }, [conversationId]);
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
    if (current.current === "") write(conversationId, "");
  }, [conversationId]);
  const restore = useCallback((sent: string) => change(current.current === "" ? sent : `${sent}\n\n${current.current}`), [change]);
  return { text, change, hide, settle, restore };
}
