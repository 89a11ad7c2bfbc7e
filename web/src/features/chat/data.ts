// Conversations: the queries and the acts that change them. Another tab of the same browser hears of every act.
import { infiniteQueryOptions, type QueryClient, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import type { SealZone } from "@/sealing/zones";
import { type Conversation, withMessages } from "./tree";
import { forgetDraft } from "./useDraft";

export type ConversationLine = Schemas["ConversationLine"];
type Exchange = Schemas["Exchange"];

const listPollMs = 10_000;

const listQuery = (queryKey: readonly string[], part: Record<string, string>) =>
  infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: "60", ...part, ...(pageParam ? { before: pageParam } : {}) });
      return api.get<Schemas["ConversationList"]>(`/api/conversations?${query}`, signal);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    // Replies that run in another tab or on another device show up here, and open conversations attach to them.
    refetchInterval: listPollMs,
  });

export const conversationsQuery = listQuery(keys.conversations, {});
export const archivedQuery = listQuery(keys.archived, { archived: "true" });

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: keys.conversation(id),
    queryFn: ({ signal }) => api.get<Conversation>(`/api/conversations/${id}`, signal),
    staleTime: 2_000,
  });

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("moorage.conversations");

/** Refreshes what other tabs changed. Returns a way to stop listening. */
export function listenToOtherTabs(client: QueryClient): () => void {
  const hear = (event: MessageEvent<unknown>): void => {
    if (typeof event.data !== "string") return;
    void client.invalidateQueries({ queryKey: keys.conversation(event.data) });
    void client.invalidateQueries({ queryKey: keys.conversations });
  };
  channel?.addEventListener("message", hear);
  return () => channel?.removeEventListener("message", hear);
}

/** Call after every act on a conversation. */
export function conversationChanged(client: QueryClient, id: string): void {
  channel?.postMessage(id);
  void client.invalidateQueries({ queryKey: keys.conversations });
}

export function takeExchange(client: QueryClient, conversationId: string, exchange: Exchange): void {
  client.setQueryData<Conversation>(keys.conversation(conversationId), (old) =>
    old ? withMessages(old, [exchange.question, exchange.answer], exchange.answer.id) : old,
  );
  // The first message gives the conversation its title.
  const title = client.getQueryData<Conversation>(keys.conversation(conversationId))?.title;
  if (!title) void client.invalidateQueries({ queryKey: keys.conversation(conversationId) });
  conversationChanged(client, conversationId);
}

export const createConversation = (sealedTo: Schemas["ConversationMake"]["sealed_to"] = null) => api.post<Conversation>("/api/conversations", { title: "", sealed_to: sealedTo });

export const sealConversation = (id: string, zones: readonly SealZone[]) => api.put<Conversation>(`/api/conversations/${id}/seal`, { zones });

export const deleteConversation = (id: string) => api.delete<Schemas["Done"]>(`/api/conversations/${id}`);

export const sendMessage = (conversationId: string, message: Schemas["MessageSend"]) =>
  api.post<Exchange>(`/api/conversations/${conversationId}/messages`, message);

export const stopReply = (replyId: string) => api.post<Schemas["Done"]>(`/api/replies/${replyId}/stop`);

/** Another answer: from the same model (null) or another; "continue" begins it with the words of the one that is there. */
export interface Again {
  messageId: string;
  modelRef: string | null;
  way: "regenerate" | "continue";
}

export interface Another extends Again {
  mayLeave: boolean;
}

export function useRegenerate(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ messageId, modelRef, way, mayLeave }: Another) =>
      api.post<Exchange>(`/api/conversations/${conversationId}/messages/${messageId}/${way}`, { model_ref: modelRef, may_leave: mayLeave }),
    onSuccess: (exchange) => takeExchange(client, conversationId, exchange),
  });
}

export function useMoveHead(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (messageId: string) => api.put<Conversation>(`/api/conversations/${conversationId}/head`, { message_id: messageId }),
    // The branch shows at once; the server's answer confirms it.
    onMutate: (messageId) => client.setQueryData<Conversation>(keys.conversation(conversationId), (old) => old && { ...old, head_id: messageId }),
    onSuccess: (view) => client.setQueryData(keys.conversation(conversationId), view),
    onError: () => client.invalidateQueries({ queryKey: keys.conversation(conversationId) }),
  });
}

/** Renames, pins, archives. */
export function useChange(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: Schemas["ConversationChange"]) => api.patch<Conversation>(`/api/conversations/${conversationId}`, change),
    onSuccess: (view) => {
      client.setQueryData(keys.conversation(conversationId), view);
      conversationChanged(client, conversationId);
    },
  });
}

export function useDelete(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => deleteConversation(conversationId),
    onSuccess: () => {
      client.removeQueries({ queryKey: keys.conversation(conversationId) });
      forgetDraft(conversationId);
      conversationChanged(client, conversationId);
    },
  });
}

/** randomUUID is missing on plain http addresses other than localhost. */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40;
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
