// Words that leave own hardware: where, and from whose answers. Pure, judged by zone as the server does; the server decides.
import type { PickerModel } from "@/api/queries";
import type { Message, Turn } from "./tree";

/** The code with which the server asks before words leave own hardware for the first time. */
export const leavesOwnHardware = "leaves_own_hardware";

export type PlaceZone = PickerModel["zone"];

/** Where the answers of a branch came from, each zone once. */
export function zonesOf(branch: readonly Turn[]): PlaceZone[] {
  return [...new Set(branch.flatMap((turn) => (turn.message.reply ? [turn.message.reply.zone] : [])))];
}

const staysHere = (zone: PlaceZone) => zone === "own_hardware" || zone === "scripted";

/** Whether a message would be the first to leave; `past`: the zones that have answered so far. */
export function leavesHouse(past: readonly PlaceZone[], next: readonly PlaceZone[]): boolean {
  return past.includes("own_hardware") && past.every(staysHere) && next.some((zone) => !staysHere(zone));
}

/** Those that a person has to be asked about. Where the list knows of none, the server knew better: all of them. */
export function elsewhere(models: readonly PickerModel[] | undefined, refs: readonly string[]): string[] {
  const stays = (ref: string) => models?.some((model) => model.ref === ref && staysHere(model.zone));
  const outside = refs.filter((ref) => !stays(ref));
  return outside.length > 0 ? outside : [...refs];
}

/** The model of own hardware that answered last, on whichever branch; null where that is not told. */
export function ownModel(messages: readonly Message[]): string | null {
  return messages.findLast((message) => message.reply?.zone === "own_hardware")?.reply?.model_name ?? null;
}
