// How a reply ended, for what it is: whole, broken off, cut at a length, declined, held back. Pure.
import type { Schemas } from "@/api/client";
import type { Message } from "./tree";

type Receipt = Schemas["Receipt"];
export type Outcome = "stopped" | "interrupted" | "failed" | "cut" | "paused" | "declined" | "filtered" | "noted";

const byReason: Partial<Record<string, Outcome>> = { length: "cut", pause: "paused", refusal: "declined", content_filter: "filtered" };
// A refusal before the first word is a failure to whoever counts, and a refusal to whoever reads.
const byProblem: Partial<Record<string, Outcome>> = { declined: "declined", content_filtered: "filtered" };

/** Null when the reply is whole. */
export function outcomeOf(receipt: Receipt): Outcome | null {
  if (receipt.state === "stopped" || receipt.state === "interrupted") return receipt.state;
  if (receipt.state === "failed") return byProblem[receipt.problem?.code ?? ""] ?? "failed";
  if (receipt.state !== "done") return null;
  // A whole answer with something to say beside it, for example that only the end of the conversation was read.
  return byReason[receipt.finish_reason ?? ""] ?? (receipt.problem ? "noted" : null);
}

/** Whether the words that are there can be gone on from. What was declined or held back stays so. */
export function canContinue(message: Message): boolean {
  const outcome = message.reply ? outcomeOf(message.reply) : null;
  return message.text !== "" && outcome !== null && outcome !== "filtered" && outcome !== "declined";
}
