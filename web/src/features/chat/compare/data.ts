// What a conversation tells of its comparisons.
import { useCallback, useState } from "react";
import type { Schemas } from "@/api/client";
import type { Conversation, Turn } from "../tree";

export type Comparison = Schemas["ComparisonView"];

/** The comparison that the answer at the end of the branch belongs to. */
export function comparisonAtEnd(conversation: Conversation | null, branch: readonly Turn[]): Comparison | null {
  const last = branch.at(-1)?.message.id;
  // Of several to the same question, the one whose answer is shown.
  return (last && conversation?.comparisons.find((one) => one.answer_ids.includes(last))) || null;
}

/** The replies of a comparison that are still being written. */
export function runningIn(conversation: Conversation | null, comparison: Comparison | null): string[] {
  if (!conversation || !comparison) return [];
  const answers = conversation.messages.filter((message) => comparison.answer_ids.includes(message.id));
  return answers.flatMap((message) => (message.reply?.state === "running" ? [message.reply.reply_id] : []));
}

/** Side by side until one is chosen and none is being written; then the chosen one is an answer like any other. */
export function isSideBySide(comparison: Comparison, running: readonly string[], unfoldedId: string | null): boolean {
  return comparison.chosen_id === null || running.length > 0 || unfoldedId === comparison.id;
}

export interface ShownComparison {
  /** Shown side by side. */
  open: Comparison | null;
  /** Its chosen answer is shown alone. */
  folded: Comparison | null;
  running: readonly string[];
  /** Somebody keeps it side by side though one is chosen. */
  isUnfolded: boolean;
  unfold: (id: string) => void;
  fold: () => void;
}

export function useComparison(conversation: Conversation | null, branch: readonly Turn[]): ShownComparison {
  const [unfoldedId, setUnfoldedId] = useState<string | null>(null);
  const atEnd = comparisonAtEnd(conversation, branch);
  const running = runningIn(conversation, atEnd);
  const isOpen = atEnd !== null && isSideBySide(atEnd, running, unfoldedId);
  const fold = useCallback(() => setUnfoldedId(null), []);
  return { open: isOpen ? atEnd : null, folded: isOpen ? null : atEnd, running, isUnfolded: atEnd !== null && unfoldedId === atEnd.id, unfold: setUnfoldedId, fold };
}
