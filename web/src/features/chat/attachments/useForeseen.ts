// What a model would not be sent of a message that is being written, or for another answer, as the server plans it.
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import type { Foreseen, Withheld } from "./kinds";

const pauseMs = 600;
/** Below it a longer draft changes nothing that is worth a question. */
const stepBytes = 1_500;
const mostBytes = 1_600_000;

export interface Asked {
  conversationId: string | null;
  parentId: string | null;
  modelRef: string | null;
  text: string;
  attachments: readonly string[];
}

/** A stored question that is asked again, or an answer to it. */
export interface AskedAgain {
  conversationId: string;
  againId: string;
  modelRef: string | null;
}

export const holdsBack = ({ messages, files, is_too_long }: Withheld): boolean => messages > 0 || files.length > 0 || is_too_long;

/** Whether a receipt says it already. That words are too long it doesn't say: one learns it from the model. */
export const isSaid = (before: Withheld | null, next: Withheld): boolean =>
  before !== null && !next.is_too_long && next.messages <= before.messages && next.files.every((one) => before.files.some((said) => said.id === one.id && said.why === one.why));

const encoder = new TextEncoder();

const bytesOf = (text: string): number => Math.min(encoder.encode(text).length, mostBytes);
const steppedBytes = (text: string): number => Math.min(Math.ceil(bytesOf(text) / stepBytes) * stepBytes, mostBytes);

export const foreseenQuery = (wish: Schemas["DraftWish"]) =>
  queryOptions({
    queryKey: [...keys.conversation(wish.conversation_id ?? "new"), "foreseen", wish],
    queryFn: ({ signal }) => api.post<Foreseen>("/api/message-previews", wish, signal),
    staleTime: 30_000,
    retry: false,
    // Offline it fails at once, so that nobody waits for it.
    networkMode: "always",
  });

/** Another answer to the question that `againId` is, or that it answers; `goesOn`: that answer is continued. */
export const againWish = (conversationId: string, againId: string, modelRef: string, goesOn = false): Schemas["DraftWish"] =>
  ({ conversation_id: conversationId, again_id: againId, goes_on: goesOn, model_ref: modelRef, text_bytes: 0 });

export function useForeseen(asked: Asked | AskedAgain): Foreseen | null {
  const { conversationId, modelRef } = asked;
  const draft = "againId" in asked ? null : asked;
  const text = draft?.text ?? "";
  const [textBytes, setTextBytes] = useState(() => steppedBytes(text));
  useEffect(() => {
    const timer = setTimeout(() => setTextBytes(steppedBytes(text)), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  const isWorthIt = modelRef !== null && (conversationId !== null || (draft?.attachments.length ?? 0) > 0 || textBytes > 4 * stepBytes);
  const wish = "againId" in asked
    ? againWish(asked.conversationId, asked.againId, modelRef ?? "")
    : { conversation_id: conversationId, parent_id: asked.parentId, model_ref: modelRef ?? "", text_bytes: textBytes, attachments: [...asked.attachments], goes_on: false };
  const { data } = useQuery({
    ...foreseenQuery(wish),
    enabled: isWorthIt,
    // While somebody types on, what was said stays; another model or conversation begins anew.
    placeholderData: (before, query) => (query?.queryKey[1] === (conversationId ?? "new") && sameModel(query.queryKey[3], modelRef) ? keepPreviousData(before) : undefined),
  });
  return isWorthIt ? (data ?? null) : null;
}

const sameModel = (wish: unknown, modelRef: string | null) => (wish as { model_ref?: string } | undefined)?.model_ref === modelRef;
