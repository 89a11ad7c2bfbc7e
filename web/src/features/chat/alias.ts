// Aliases in a conversation: which model really answered, and whether an alias has come to stand for another since.
import type { Schemas } from "@/api/client";
import type { PickerModel } from "@/api/queries";
import type { Turn } from "./tree";

type Receipt = Schemas["Receipt"];

/** The model that answered, whatever it was asked for as. */
export function modelOf(receipt: Receipt): string {
  return receipt.alias?.target_ref ?? receipt.model_ref;
}

/** What an answer is called where the alias it was asked for as has to be told, too. */
export function calledAs(receipt: Receipt): string {
  return receipt.alias ? `${receipt.alias.name} → ${receipt.model_name}` : receipt.model_name;
}

/** The two answers between which the conversation went on with another model, or null. */
export function switchAt(branch: readonly Turn[], question: Turn): { next: Receipt; before: Receipt } | null {
  const at = branch.indexOf(question);
  const next = branch[at + 1]?.message.reply;
  const before = branch.slice(0, at).findLast((other) => other.message.reply)?.message.reply;
  // Of a blind comparison nobody knows.
  if (!next || !before || next.origin === "hidden" || before.origin === "hidden") return null;
  return modelOf(next) === modelOf(before) ? null : { next, before };
}

/** What the last answer of this alias came from, if that is not what it stands for now. */
export function changedSince(model: PickerModel | undefined, last: Receipt | undefined): { before: string; beforeConnection: string; zone: Receipt["zone"] } | null {
  if (!model?.alias || !last?.alias || last.model_ref !== model.ref || last.alias.target_ref === model.alias.ref) return null;
  return { before: last.model_name, beforeConnection: last.connection_name, zone: last.zone };
}
