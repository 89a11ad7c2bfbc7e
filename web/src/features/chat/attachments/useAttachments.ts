// The files of a message that is being written: each is uploaded at once, and waits with the draft, over reloads too.
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, asProblem, type Problem, ProblemError, sendFile } from "@/api/client";
import { announce } from "@/ui/Announcer";
import { readDraftFiles, useDraftKeys, writeDraftFiles } from "../useDraft";
import type { Attachment } from "./kinds";

export interface Chip {
  /** Its own, as it has no id before it is there. */
  key: string;
  /** What the server knows it by: also of one from an earlier visit that can't be asked for now. */
  id: string | null;
  name: string;
  size: number;
  /** 0 to 1 while it is uploaded; at 1 the server reads it. */
  share: number;
  attachment: Attachment | null;
  problem: Problem | null;
}

export interface Attachments {
  chips: readonly Chip[];
  ready: readonly Attachment[];
  /** Why no message can go yet: sent now, it would go without a file that is seen with it. */
  holdsUp: "uploading" | "failed" | null;
  add: (files: Iterable<File>) => void;
  remove: (key: string) => void;
  retry: (key: string) => void;
  /** These are part of a stored message now; what was added meanwhile stays. */
  settle: (sent: readonly string[]) => void;
  /** The message that these are part of began this conversation: the others belong to it. */
  moveTo: (conversationId: string, sent: readonly string[]) => void;
}

let nextKey = 0;
/** What a new chat's field leaves to the conversation that it began: files that were not there yet, by the draft's key. */
const left = new Map<string, File[]>();
/** Changes the files of the field that is there, by the draft's key: one before it may have sent some of them after all. */
const shown = new Map<string, (change: (all: readonly Chip[]) => readonly Chip[]) => void>();
const blank = { id: null, share: 0, attachment: null, problem: null };
const waiting = (id: string): Chip => ({ ...blank, key: id, id, name: "…", size: 0, share: 1 });

export function useAttachments(conversationId: string | null): Attachments {
  const { t } = useTranslation("attachments");
  const keyOf = useDraftKeys();
  const draftKey = keyOf(conversationId);
  const moved = useRef<{ key: string; sent: readonly string[] } | null>(null);
  // What waits from an earlier visit is there at once, so that nothing is sent without it before it was asked for.
  const [chips, setChips] = useState<readonly Chip[]>(() => readDraftFiles(draftKey).map(waiting));
  const first = useRef(chips);
  const files = useRef(new Map<string, { file: File; abort: AbortController }>());
  const change = useCallback((key: string, part: Partial<Chip>) => setChips((all) => all.map((one) => (one.key === key ? { ...one, ...part } : one))), []);
  const restore = useCallback(async (key: string) => {
    const found = await restored(key);
    if (found) change(key, found);
    else setChips((all) => all.filter((one) => one.key !== key));
  }, [change]);

  useEffect(() => {
    for (const one of first.current) void restore(one.key);
    const uploads = files.current;
    return () => {
      for (const { abort } of uploads.values()) abort.abort();
      if (moved.current) left.set(moved.current.key, [...uploads.values()].map((one) => one.file));
    };
  }, [restore]);
  useEffect(() => {
    // Became ready in the field before, after this one's first look.
    const late = readDraftFiles(draftKey).filter((id) => !first.current.some((one) => one.id === id)).map(waiting);
    if (late.length > 0) setChips((all) => [...all, ...late]);
    for (const one of late) void restore(one.key);
  }, [draftKey, restore]);
  useEffect(() => {
    if (chips === first.current) return;
    const { key, sent } = moved.current ?? { key: draftKey, sent: [] };
    writeDraftFiles(key, chips.flatMap((one) => (one.id && !sent.includes(one.id) ? [one.id] : [])));
    // Only now: whatever is not shown as there, the next field brings again.
    for (const one of chips) if (one.attachment) files.current.delete(one.key);
  }, [chips, draftKey]);

  const start = useCallback((key: string, file: File) => {
    const abort = new AbortController();
    files.current.set(key, { file, abort });
    change(key, { share: 0, problem: null });
    sendFile<Attachment>("/api/attachments", file, abort.signal, (share) => change(key, { share }))
      .then((attachment) => {
        change(key, { id: attachment.id, attachment, name: attachment.name, size: attachment.size });
        announce(t("ready", { name: attachment.name }));
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        const problem = asProblem(error);
        change(key, { problem });
        announce(t("failed", { name: file.name, message: problem.message }), "danger");
      });
  }, [change, t]);

  const add = useCallback((chosen: Iterable<File>) => {
    for (const file of chosen) {
      const key = `f${nextKey++}`;
      setChips((all) => [...all, { ...blank, key, name: file.name, size: file.size }]);
      start(key, file);
    }
  }, [start]);
  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- the field before leaves them after this one was drawn
    add(left.get(draftKey) ?? []);
    left.delete(draftKey);
  }, [add, draftKey]);
  const remove = useCallback((key: string) => {
    files.current.get(key)?.abort.abort();
    files.current.delete(key);
    setChips((all) => {
      const gone = all.find((one) => one.key === key);
      // What the server keeps for a while anyway: nobody waits for its being forgotten.
      if (gone?.id) void api.delete(`/api/attachments/${gone.id}`).catch(() => {});
      return all.filter((one) => one.key !== key);
    });
  }, []);
  const retry = useCallback((key: string) => {
    const known = files.current.get(key);
    if (known) return start(key, known.file);
    change(key, { problem: null });
    void restore(key);
  }, [start, change, restore]);
  useEffect(() => {
    shown.set(draftKey, setChips);
    return () => void shown.delete(draftKey);
  }, [draftKey]);
  const settle = useCallback((sent: readonly string[]) => {
    const waits = (id: string | null) => id === null || !sent.includes(id);
    shown.get(draftKey)?.((all) => all.filter((one) => waits(one.id)));
    // Written here too: after the first message of a conversation this page is another's.
    writeDraftFiles(draftKey, readDraftFiles(draftKey).filter(waits));
  }, [draftKey]);
  const moveTo = useCallback((id: string, sent: readonly string[]) => {
    moved.current = { key: keyOf(id), sent };
    writeDraftFiles(moved.current.key, readDraftFiles(draftKey).filter((one) => !sent.includes(one)));
    writeDraftFiles(draftKey, []);
  }, [draftKey, keyOf]);
  return {
    chips,
    ready: chips.flatMap((one) => (one.attachment ? [one.attachment] : [])),
    holdsUp: chips.some((one) => one.problem) ? "failed" : chips.some((one) => !one.attachment) ? "uploading" : null,
    add,
    remove,
    retry,
    settle,
    moveTo,
  };
}

/** A file of an earlier visit, if it still waits; one that can't be asked for now is kept. */
async function restored(id: string): Promise<Partial<Chip> | null> {
  try {
    const attachment = await api.get<Attachment>(`/api/attachments/${id}`);
    return { name: attachment.name, size: attachment.size, attachment };
  } catch (error) {
    return error instanceof ProblemError && error.status === 404 ? null : { problem: asProblem(error) };
  }
}
