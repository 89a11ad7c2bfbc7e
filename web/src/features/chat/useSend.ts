// Sending: the message is shown at once, stored before anything is asked of a model, and kept when that fails.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { asProblem, type Problem, ProblemError } from "@/api/client";
import { keys } from "@/api/queries";
import { useMounted } from "@/ui/useMounted";
import type { Attachment } from "./attachments/kinds";
import { begin, type Wanted } from "./beginning";
import { conversationChanged, deleteConversation, newId, sendMessage, takeExchange } from "./data";
import type { Conversation } from "./tree";
import { rememberModel } from "./useModelChoice";

export interface Outgoing {
  text: string;
  parentId: string | null;
  modelRef: string;
  /** Said by the person: the words so far may leave own hardware. */
  mayLeave?: boolean;
  attachments: readonly Attachment[];
  /** Another version of a question, not what stands in the field. */
  isEdit?: boolean;
  /** Instead of one model several, side by side. */
  several?: { refs: readonly string[]; blind: boolean };
}

export interface Sender {
  /** The message on its way. */
  pending: Outgoing | null;
  failed: { outgoing: Outgoing; problem: Problem } | null;
  /** `onBegun`: told of the conversation that the message began, before its page is shown. Neither happens to who has left. */
  send: (outgoing: Outgoing, onBegun?: (conversationId: string) => void) => Promise<boolean>;
  forget: () => void;
}

/** `fresh` and `shown`: the seal of a conversation that begins here. */
export function useSend(conversationId: string | null, { fresh, shown }: Wanted): Sender {
  const client = useQueryClient();
  const navigate = useNavigate();
  const mounted = useMounted();
  const [pending, setPending] = useState<Outgoing | null>(null);
  const [failed, setFailed] = useState<Sender["failed"]>(null);
  // A retry of the same words carries the same id, so that it can't be stored twice.
  const lastTry = useRef<{ outgoing: Outgoing; clientId: string } | null>(null);
  const created = useRef<Conversation | null>(null);

  const send = useCallback(async (outgoing: Outgoing, onBegun?: (conversationId: string) => void): Promise<boolean> => {
    const before = lastTry.current;
    const isRetry = before !== null && before.outgoing.text === outgoing.text && before.outgoing.parentId === outgoing.parentId && modelsOf(before.outgoing) === modelsOf(outgoing) && idsOf(before.outgoing).join() === idsOf(outgoing).join();
    const clientId = isRetry ? before.clientId : newId();
    lastTry.current = { outgoing, clientId };
    setPending(outgoing);
    setFailed(null);
    try {
      const id = conversationId ?? (await begin(client, created, { fresh, shown }));
      await deliver(client, id, clientId, outgoing);
      lastTry.current = null;
      if (!conversationId && mounted.current) {
        onBegun?.(id);
        await navigate(`/c/${id}`, { replace: true, state: { justSent: true } });
      }
      return true;
    } catch (error) {
      setFailed({ outgoing, problem: asProblem(error) });
      // The reason may be that the model is gone or closed; then the picker and the line under the field have to say so.
      void client.invalidateQueries({ queryKey: keys.models });
      if (conversationId) conversationChanged(client, conversationId);
      // A refused first message leaves no empty conversation in the list. After a lost connection it may have been stored.
      else if (created.current && error instanceof ProblemError && error.status >= 400 && error.status < 500) {
        void deleteConversation(created.current.id).catch(() => {});
        created.current = null;
      }
      return false;
    } finally {
      setPending(null);
    }
  }, [client, conversationId, navigate, mounted, fresh, shown]);
  return { pending, failed, send, forget: useCallback(() => setFailed(null), []) };
}

const idsOf = (outgoing: Outgoing): string[] => outgoing.attachments.map((one) => one.id);

/** The models that a message goes to. */
export const refsOf = ({ modelRef, several }: Outgoing): readonly string[] => several?.refs ?? [modelRef];

const modelsOf = ({ modelRef, several }: Outgoing): string => (several ? JSON.stringify(several) : modelRef);

async function deliver(client: QueryClient, id: string, clientId: string, outgoing: Outgoing): Promise<void> {
  const { text, parentId, modelRef, several } = outgoing;
  const question = { client_id: clientId, parent_id: parentId, text, attachments: idsOf(outgoing), may_leave: outgoing.mayLeave ?? false };
  if (several) {
    const { deliverSeveral } = await import("./compare/acts");
    await deliverSeveral(client, id, { ...question, model_refs: [...several.refs], blind: several.blind });
  } else {
    takeExchange(client, id, await sendMessage(id, { ...question, model_ref: modelRef }));
    rememberModel(modelRef);
  }
}
