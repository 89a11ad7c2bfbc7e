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

/** The two answers between which a conversation went on with another model. */
export interface Switch {
  before: Receipt;
  next: Receipt;
}

/** Where a conversation went on with another model: by the question whose answer is the first of it. */
export function switchesOf(branch: readonly Turn[]): Map<Turn, Switch> {
  const found = new Map<Turn, Switch>();
  let before: Receipt | null = null;
  for (const [at, turn] of branch.entries()) {
    const next = branch[at + 1]?.message.reply;
    // Of a blind comparison nobody knows.
    if (turn.message.role === "user" && before && next && before.origin !== "hidden" && next.origin !== "hidden" && modelOf(next) !== modelOf(before)) found.set(turn, { before, next });
    before = turn.message.reply ?? before;
  }
  return found;
}

/** What the last answer of this alias came from, if that is not what it stands for now. */
export function changedSince(model: PickerModel | undefined, last: Receipt | undefined): { before: string; beforeConnection: string; zone: Receipt["zone"] } | null {
  if (!model?.alias || !last?.alias || last.model_ref !== model.ref || last.alias.target_ref === model.alias.ref) return null;
  return { before: last.model_name, beforeConnection: last.connection_name, zone: last.zone };
}
