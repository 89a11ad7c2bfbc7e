// Comparisons: asking several models, judging, going on from one of the answers. Comes when somebody compares.
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { conversationChanged } from "../data";
import { type Conversation, withMessages } from "../tree";

export type Outcome = Schemas["VerdictGiven"]["outcome"];

export const letters = "ABCD";

function takeComparison(client: QueryClient, conversationId: string, made: Schemas["ComparisonMade"]): void {
  const { question, answers, comparison } = made;
  client.setQueryData<Conversation>(keys.conversation(conversationId), (old) => {
    if (!old) return old;
    const others = old.comparisons.filter((one) => one.id !== comparison.id);
    return { ...withMessages(old, [question, ...answers], answers[0]?.id), comparisons: [...others, comparison] };
  });
  // The first message gives the conversation its title.
  const title = client.getQueryData<Conversation>(keys.conversation(conversationId))?.title;
  if (!title) void client.invalidateQueries({ queryKey: keys.conversation(conversationId) });
  conversationChanged(client, conversationId);
}

function useAct<T>(conversationId: string, comparisonId: string, act: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish: T) => api.put<Conversation>(`/api/conversations/${conversationId}/comparisons/${comparisonId}/${act}`, wish),
    onSuccess: (view) => {
      client.setQueryData(keys.conversation(conversationId), view);
      conversationChanged(client, conversationId);
    },
  });
}

export const useJudge = (conversationId: string, comparisonId: string) => useAct<Schemas["VerdictGiven"]>(conversationId, comparisonId, "verdict");

export const useGoOnFrom = (conversationId: string, comparisonId: string) => useAct<Schemas["AnswerChosen"]>(conversationId, comparisonId, "choice");

export async function deliverSeveral(client: QueryClient, conversationId: string, question: Schemas["ComparisonAsk"]): Promise<void> {
  takeComparison(client, conversationId, await api.post<Schemas["ComparisonMade"]>(`/api/conversations/${conversationId}/comparisons`, question));
  remember(question);
}

/** Puts a stored question to several models. Gives the comparison's id. */
export async function deliverAgain(client: QueryClient, conversationId: string, questionId: string, wish: Schemas["ComparisonAgain"]): Promise<string> {
  const made = await api.post<Schemas["ComparisonMade"]>(`/api/conversations/${conversationId}/messages/${questionId}/compare`, wish);
  takeComparison(client, conversationId, made);
  remember(wish);
  return made.comparison.id;
}

function remember({ model_refs: refs }: Schemas["ComparisonAgain"]): void {
  try {
    localStorage.setItem("moorage.lastCompared", JSON.stringify(refs)); // useSeveral.ts reads it
  } catch {
    // A preference only; the next comparison starts with one model.
  }
}
