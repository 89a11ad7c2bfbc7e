// A title that a model makes comes some seconds after the first answer: the page looks for it a few times, then no more.
import type { QueryClient } from "@tanstack/react-query";
import { keys } from "@/api/queries";
import type { Conversation } from "./tree";

const looksAfterMs = [2_500, 8_000, 20_000];

export function lookForTitle(client: QueryClient, id: string): void {
  const now = () => client.getQueryData<Conversation>(keys.conversation(id));
  const before = now();
  // Only the first question makes a title, however many answers it has; put to models blind, it makes none.
  if (!before || before.messages.filter((message) => message.role === "user").length !== 1) return;
  if (before.messages.some((message) => message.reply?.origin === "hidden")) return;
  for (const ms of looksAfterMs) {
    setTimeout(() => {
      if (now()?.title !== before.title) return;
      void client.invalidateQueries({ queryKey: keys.conversation(id) });
      void client.invalidateQueries({ queryKey: keys.conversations });
    }, ms);
  }
}
