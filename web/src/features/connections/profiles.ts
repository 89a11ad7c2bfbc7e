// What is particular about a model: as it holds now, as it is typed, and what of it is a wish. Pure rules.
import type { Schemas } from "@/api/client";
import type { ConnectionView } from "./types";

export type Model = ConnectionView["models"][number];
export type ModelProfileChange = Schemas["ModelProfileChange"];
export type Settable = Model["profile"]["set_by_people"][number];

export const INPUTS = ["image", "file", "audio", "video"] as const;
export type InputName = (typeof INPUTS)[number];
export const FOUND = "found";

/** What a person sees in the form; `found` leaves a thing as the server says and calls have shown. */
export interface ProfileForm {
  context: string;
  ownInputs: boolean;
  inputs: InputName[];
  stream_usage: "found" | "true" | "false";
  limit_field: "found" | "max_tokens" | "max_completion_tokens" | "none";
  takes_system: "found" | "true" | "false";
  streaming: "found" | "any" | "always" | "never";
  data_policy: "found" | "any" | "no_training" | "no_retention";
}

const isInput = (name: string): name is InputName => (INPUTS as readonly string[]).includes(name);
const isSet = (model: Model, name: Settable) => model.profile.set_by_people.includes(name);
const yesOrNo = (value: boolean | null) => (value === null ? FOUND : value ? "true" : "false");

export function formOf(model: Model): ProfileForm {
  const { habits } = model.profile;
  return {
    context: isSet(model, "context_length") ? String(model.context_length ?? "") : "",
    ownInputs: isSet(model, "inputs"),
    inputs: model.inputs.filter(isInput),
    stream_usage: isSet(model, "stream_usage") ? yesOrNo(habits.stream_usage) : FOUND,
    limit_field: isSet(model, "limit_field") ? habits.limit_field : FOUND,
    takes_system: isSet(model, "takes_system") ? yesOrNo(habits.takes_system) : FOUND,
    streaming: isSet(model, "streaming") ? habits.streaming : FOUND,
    data_policy: isSet(model, "data_policy") ? habits.data_policy : FOUND,
  };
}

/** The policy that a form stands for: as found, nobody may train. */
export const policyOf = ({ data_policy: policy }: ProfileForm): Model["profile"]["habits"]["data_policy"] => (policy === FOUND ? "no_training" : policy);

/** Reads a length as people write it: 32768, 32.768, 32 768. Null for nothing, NaN for what is none. */
export function readLength(text: string): number | null {
  const digits = text.replace(/[\s.,'’_]/g, "");
  if (digits === "") return null;
  const length = /^\d{1,9}$/.test(digits) ? Number(digits) : NaN;
  return length > 0 ? length : NaN;
}

const wishOf = (value: "found" | "true" | "false") => (value === FOUND ? null : value === "true");

/** Only what differs is sent, so that two people who change different things don't undo each other. */
export function changesOf(before: ProfileForm, now: ProfileForm): ModelProfileChange {
  const changes: ModelProfileChange = {};
  if (now.context !== before.context) changes.context_length = readLength(now.context);
  const isOther = now.ownInputs !== before.ownInputs || (now.ownInputs && now.inputs.join() !== before.inputs.join());
  if (isOther) changes.inputs = now.ownInputs ? ["text", ...now.inputs] : null;
  if (now.stream_usage !== before.stream_usage) changes.stream_usage = wishOf(now.stream_usage);
  if (now.takes_system !== before.takes_system) changes.takes_system = wishOf(now.takes_system);
  if (now.limit_field !== before.limit_field) changes.limit_field = now.limit_field === FOUND ? null : now.limit_field;
  if (now.streaming !== before.streaming) changes.streaming = now.streaming === FOUND ? null : now.streaming;
  if (now.data_policy !== before.data_policy) changes.data_policy = now.data_policy === FOUND ? null : now.data_policy;
  return changes;
}

export type Peculiarity = "no_usage" | "new_limit" | "no_limit" | "no_system" | "stream_only" | "no_stream";

/** What is not as with most models, in the order of the form. */
export function peculiarities(model: Model): { code: Peculiarity; name: Settable; isSet: boolean }[] {
  const { habits } = model.profile;
  const found: [Peculiarity, Settable, boolean][] = [
    ["no_usage", "stream_usage", habits.stream_usage === false],
    ["new_limit", "limit_field", habits.limit_field === "max_completion_tokens"],
    ["no_limit", "limit_field", habits.limit_field === "none"],
    ["no_system", "takes_system", !habits.takes_system],
    ["stream_only", "streaming", habits.streaming === "always"],
    ["no_stream", "streaming", habits.streaming === "never"],
  ];
  return found.filter(([, , holds]) => holds).map(([code, name]) => ({ code, name, isSet: isSet(model, name) }));
}
