// Sending: the message is shown at once, stored before anything is asked of a model, and kept when that fails.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { asProblem, type Problem, ProblemError } from "@/api/client";
import { keys } from "@/api/queries";
import { conversationChanged, createConversation, deleteConversation, sendMessage, takeExchange } from "./data";
import { rememberModel } from "./useModelChoice";

export interface Outgoing {
  text: string;
  parentId: string | null;
  modelRef: string;
}

export interface Sender {
  /** The message on its way. */
  pending: Outgoing | null;
  failed: { outgoing: Outgoing; problem: Problem } | null;
  send: (outgoing: Outgoing) => Promise<boolean>;
  forget: () => void;
}

export function useSend(conversationId: string | null): Sender {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [pending, setPending] = useState<Outgoing | null>(null);
  const [failed, setFailed] = useState<Sender["failed"]>(null);
  // A retry of the same words carries the same id, so that it can't be stored twice.
  const lastTry = useRef<{ outgoing: Outgoing; clientId: string } | null>(null);
  const created = useRef<string | null>(null);

  const send = useCallback(async (outgoing: Outgoing): Promise<boolean> => {
    const before = lastTry.current;
    const isRetry = before !== null && before.outgoing.text === outgoing.text && before.outgoing.parentId === outgoing.parentId && before.outgoing.modelRef === outgoing.modelRef;
    const clientId = isRetry ? before.clientId : newId();
    lastTry.current = { outgoing, clientId };
    setPending(outgoing);
    setFailed(null);
    try {
      let id = conversationId ?? created.current;
      if (!id) {
        const made = await createConversation();
        created.current = id = made.id;
        client.setQueryData(keys.conversation(id), made);
      }
      const exchange = await sendMessage(id, { client_id: clientId, parent_id: outgoing.parentId, text: outgoing.text, model_ref: outgoing.modelRef });
      takeExchange(client, id, exchange);
      rememberModel(outgoing.modelRef);
      lastTry.current = null;
      if (!conversationId) await navigate(`/c/${id}`, { replace: true, state: { justSent: true } });
      return true;
    } catch (error) {
      setFailed({ outgoing, problem: asProblem(error) });
      // The reason may be that the model is gone or closed; then the picker and the line under the field have to say so.
      void client.invalidateQueries({ queryKey: keys.models });
      if (conversationId) conversationChanged(client, conversationId);
      // A refused first message leaves no empty conversation in the list. After a lost connection it may have been stored.
      else if (created.current && error instanceof ProblemError && error.status >= 400 && error.status < 500) {
        void deleteConversation(created.current).catch(() => {});
        created.current = null;
      }
      return false;
    } finally {
      setPending(null);
    }
  }, [client, conversationId, navigate]);
  return { pending, failed, send, forget: useCallback(() => setFailed(null), []) };
}

/** randomUUID is missing on plain http addresses other than localhost. */
function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40;
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
