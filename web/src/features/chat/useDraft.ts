// What somebody is typing is kept per person and conversation until it is sent: reloads and wrong clicks lose nothing.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useSignedIn } from "@/api/session";
import { useMounted } from "@/ui/useMounted";

const prefix = "moorage.draft.";
const saveAfterMs = 250;
/** The field that is there, by the key of its draft: tells it what one before it has sent after all. */
const shown = new Map<string, (sent: string) => void>();

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
export const forgetDrafts = (): void => forgetWhere(() => true);

/** A conversation that is gone leaves none either. */
export const forgetDraft = (conversationId: string): void => forgetWhere((key) => key.endsWith(`.${conversationId}`));

function forgetWhere(isMeant: (key: string) => boolean): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix) && isMeant(key)) localStorage.removeItem(key);
  } catch {
    // Storage is closed: nothing was kept.
  }
}

/** Which files wait for the next message: their ids only, what they are called stays on the server. */
export function readDraftFiles(key: string): string[] {
  return read(`${prefix}files.${key}`).split(" ").filter(Boolean);
}

export const writeDraftFiles = (key: string, ids: readonly string[]): void => write(`${prefix}files.${key}`, ids.join(" "));

export interface Draft {
  text: string;
  change: (text: string) => void;
  /** Empties the field while the message is on its way; what is stored stays until `settle`. */
  hide: () => void;
  /** The message is stored on the server: these words may go, unless others are there now, typed here or in a field after this one. */
  settle: (sent: string) => void;
  /** The message began this conversation: what was typed since belongs to it. */
  moveTo: (conversationId: string) => void;
  /** Sending failed: the words come back, in front of anything typed meanwhile. */
  restore: (sent: string) => void;
}

/** An unsent new chat belongs to one person in one team; the next one at this desk never sees it. */
export function useDraftKeys(): (conversationId: string | null) => string {
  const { me, team } = useSignedIn();
  return useCallback((conversationId) => `${me.id}.${conversationId ?? `new.${team.id}`}`, [me.id, team.id]);
}

export function useDraft(conversationId: string | null): Draft {
  const keyOf = useDraftKeys();
  const key = prefix + keyOf(conversationId);
  const at = useRef(key);
  const mounted = useMounted();
  const [text, setText] = useState(() => read(key));
  const current = useRef(text);
  const pending = useRef<{ timer: ReturnType<typeof setTimeout>; text: string } | null>(null);
  const flush = useCallback(() => {
    if (!pending.current) return;
    clearTimeout(pending.current.timer);
    write(at.current, pending.current.text);
    pending.current = null;
  }, []);
  // Both as the fields change places, when nobody can type: the one that goes leaves all that was typed in it, then the new one looks again.
  useLayoutEffect(() => flush, [flush]);
  const hasLooked = useRef(false);
  useLayoutEffect(() => {
    if (hasLooked.current) return;
    hasLooked.current = true;
    const moved = read(at.current);
    if (moved !== current.current) setText((current.current = moved));
  }, []);
  useEffect(() => {
    addEventListener("pagehide", flush);
    return () => removeEventListener("pagehide", flush);
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
  const settle = useCallback((sent: string) => {
    if (current.current !== "" || at.current !== key || read(key) !== sent) return;
    write(key, "");
    shown.get(key)?.(sent);
  }, [key]);
  useEffect(() => {
    shown.set(key, (sent) => current.current === sent && change(""));
    return () => void shown.delete(key);
  }, [key, change]);
  const moveTo = useCallback((id: string) => {
    flush();
    write(at.current, "");
    at.current = prefix + keyOf(id);
    write(at.current, current.current);
  }, [flush, keyOf]);
  const restore = useCallback((sent: string) => {
    const all = [sent, current.current].filter(Boolean).join("\n\n");
    if (mounted.current) change(all);
    // What is stored is still what was sent, or a later field's own, unless it is what this one left.
    else if (read(at.current) === current.current) write(at.current, all);
  }, [change, mounted]);
  return { text, change, hide, settle, moveTo, restore };
}
