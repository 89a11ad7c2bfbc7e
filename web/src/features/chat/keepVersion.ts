// A version of a question that is saved without being asked: the page shows it, and nobody gets it.
import type { QueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { keys } from "@/api/queries";
import { conversationChanged, newId } from "./data";
import { type Conversation, type Message, withMessages } from "./tree";

// A retry of the same words carries the same id, so that they can't be stored twice.
let lastTry: { messageId: string; text: string; clientId: string } | null = null;
let fresh = "";

export async function keepVersion(client: QueryClient, conversationId: string, message: Message, text: string): Promise<void> {
  const isRetry = lastTry?.messageId === message.id && lastTry.text === text;
  const clientId = isRetry && lastTry ? lastTry.clientId : newId();
  lastTry = { messageId: message.id, text, clientId };
  const body = { client_id: clientId, text, attachments: message.attachments.map((one) => one.id) };
  const saved = await api.post<Message>(`/api/conversations/${conversationId}/messages/${message.id}/versions`, body);
  lastTry = null;
  fresh = saved.id;
  // What was asked for before it was stored would hide it again.
  await client.cancelQueries({ queryKey: keys.conversation(conversationId) });
  client.setQueryData<Conversation>(keys.conversation(conversationId), (old) => old && withMessages(old, [saved], saved.id));
  conversationChanged(client, conversationId);
  // The answer to a look at another version may come after this and be from before it.
  void client.invalidateQueries({ queryKey: keys.conversation(conversationId) });
}

/** Whether this one was saved just now; true once. */
export function takeFresh(id: string): boolean {
  if (fresh !== id) return false;
  fresh = "";
  return true;
}
