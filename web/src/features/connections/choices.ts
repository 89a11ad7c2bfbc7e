// Which models of a connection appear in the picker, and under what names. Pure rules of the model step.
import { isUnmet, type Policy } from "./hosts";
import type { FoundModel } from "./types";

export interface Choice {
  modelId: string;
  /** Name shown in the picker; empty means: the name the endpoint gives. */
  name: string;
  foundName: string;
  enabled: boolean;
  typed: boolean;
  contextLength: number | null;
  inputs: string[];
  vanished: boolean;
  facts: FoundModel["facts"];
  /** Which providers behind a router may have the words; null where no router stands in between, or the id is typed. */
  policy: Policy | null;
}

/** What is known of a model that nobody lists. */
export const noFacts: FoundModel["facts"] = { trained_context: null, max_output: null, abilities: [], is_remote: false, retires_on: null, price_in: null, price_out: null, no_retention_hosts: null };

/** Up to this many models are all ticked; above it nobody wants them all. */
export const TICK_ALL_UP_TO = 5;

export function choicesFrom(found: FoundModel[], before: Choice[] = [], tickedUpTo = TICK_ALL_UP_TO, policy: Policy | null = null): Choice[] {
  const ticked = found.length <= tickedUpTo;
  const known = new Map(before.map((choice) => [choice.modelId, choice]));
  const fresh = found.map((model): Choice => {
    const old = known.get(model.model_id);
    return {
      modelId: model.model_id,
      name: old?.name ?? "",
      foundName: model.name,
      enabled: old?.enabled ?? ticked,
      typed: false,
      contextLength: model.context_length,
      inputs: model.inputs,
      vanished: false,
      facts: model.facts,
      policy,
    };
  });
  const listed = new Set(fresh.map((choice) => choice.modelId));
  return [...fresh, ...before.filter((choice) => choice.typed && !listed.has(choice.modelId))];
}

/** Adds a typed id, ticked; an id that is there already gets ticked instead. Blank text changes nothing. */
export function addTyped(choices: Choice[], text: string): Choice[] {
  const modelId = text.trim();
  if (modelId === "") return choices;
  if (choices.some((choice) => choice.modelId === modelId)) return tick(choices, modelId, true);
  const typed = { modelId, name: "", foundName: modelId, enabled: true, typed: true, contextLength: null };
  return [...choices, { ...typed, inputs: [], vanished: false, facts: noFacts, policy: null }];
}

export function tick(choices: Choice[], modelId: string, enabled: boolean): Choice[] {
  return choices.map((choice) => (choice.modelId === modelId ? { ...choice, enabled } : choice));
}

/** Ticks or unticks the given ids only: with a search running, "all" means all that are shown. */
export function tickAll(choices: Choice[], shown: Choice[], enabled: boolean): Choice[] {
  const ids = new Set(shown.map((choice) => choice.modelId));
  return choices.map((choice) => (ids.has(choice.modelId) ? { ...choice, enabled } : choice));
}

export function rename(choices: Choice[], modelId: string, name: string): Choice[] {
  return choices.map((choice) => (choice.modelId === modelId ? { ...choice, name } : choice));
}

export function search(choices: Choice[], text: string): Choice[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter((choice) => {
    const hay = `${choice.modelId} ${choice.foundName} ${choice.name}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
}

/** Takes over what changed behind unsaved ticks: a policy that was set in the meantime decides what is warned of. */
export function withPoliciesOf(stored: Choice[], edited: Choice[]): Choice[] {
  const policies = new Map(stored.map(({ modelId, policy }) => [modelId, policy]));
  return edited.map((choice) => ({ ...choice, policy: policies.get(choice.modelId) ?? choice.policy }));
}

/** Ticked models of which every call would be refused under the policy that is set for them. */
export const refusedIfTicked = (choices: Choice[]): Choice[] => choices.filter((choice) => choice.enabled && isUnmet(choice.facts, choice.policy));

export const countTicked = (choices: Choice[]): number => choices.filter((choice) => choice.enabled).length;

export const toModelChoices = (choices: Choice[]) =>
  choices.map(({ modelId, name, foundName, enabled }) => ({ model_id: modelId, name: name.trim() || foundName, enabled }));
