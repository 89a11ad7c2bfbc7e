// Conversations: the queries and the acts that change them. Another tab of the same browser hears of every act.
import { infiniteQueryOptions, type QueryClient, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { type Conversation, withMessages } from "./tree";

export type ConversationLine = Schemas["ConversationLine"];
type Exchange = Schemas["Exchange"];

const listPollMs = 10_000;

export const conversationsQuery = infiniteQueryOptions({
  queryKey: keys.conversations,
  queryFn: ({ pageParam, signal }) => {
    const query = new URLSearchParams({ limit: "60", ...(pageParam ? { before: pageParam } : {}) });
    return api.get<Schemas["ConversationList"]>(`/api/conversations?${query}`, signal);
  },
  initialPageParam: "",
  getNextPageParam: (page) => page.next,
  // Replies that run in another tab or on another device show up here, and open conversations attach to them.
  refetchInterval: listPollMs,
});

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

export const createConversation = () => api.post<Conversation>("/api/conversations", { title: "" });

export const deleteConversation = (id: string) => api.delete<Schemas["Done"]>(`/api/conversations/${id}`);

export const sendMessage = (conversationId: string, message: Schemas["MessageSend"]) =>
  api.post<Exchange>(`/api/conversations/${conversationId}/messages`, message);

export const stopReply = (replyId: string) => api.post<Schemas["Done"]>(`/api/replies/${replyId}/stop`);

export function useRegenerate(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ messageId, modelRef }: { messageId: string; modelRef: string | null }) =>
      api.post<Exchange>(`/api/conversations/${conversationId}/messages/${messageId}/regenerate`, { model_ref: modelRef }),
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

export function useRename(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (title: string) => api.patch<Conversation>(`/api/conversations/${conversationId}`, { title }),
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
      conversationChanged(client, conversationId);
    },
  });
}
