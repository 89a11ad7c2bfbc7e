// The wizard's state and rules: what a step needs, what a change makes void. No React, no network, no storage.
import { certificateFieldOf, type CertificateField, type Certificates, toTls } from "./certificates";
import { addTyped, choicesFrom, countTicked, rename, tick, TICK_ALL_UP_TO, tickAll, toModelChoices, type Choice } from "./choices";
import { guessZone, type Zone } from "./hints";
import { advance, idleRun, type TestEvent, type TestRun } from "./stages";
import type { AuthStyle, ConnectionMake, ConnectionView, Problem, Provider, TestRequest } from "./types";

export type Step = "address" | "test" | "models" | "summary";
export const STEPS: readonly Step[] = ["address", "test", "models", "summary"];

/** Everything that was typed except the key and the client certificate. This is what the draft keeps. */
export interface Form {
  name: string;
  provider: Provider;
  baseUrl: string;
  authStyle: AuthStyle;
  zone: Zone | null;
  /** True once a person chose the zone; until then the address may suggest one. */
  zoneChosen: boolean;
  dataLocation: string;
  maintainerId: string;
  keyExpiresOn: string;
  typedModelId: string;
  caPem: string;
  pin: string;
}

export interface Wizard {
  step: Step;
  form: Form;
  apiKey: string;
  clientPem: string;
  run: TestRun;
  choices: Choice[];
  saved: ConnectionView | null;
}

export type WizardAction =
  | { type: "edit"; change: Partial<Form> }
  | { type: "key"; apiKey: string }
  | { type: "certificates"; change: Partial<Certificates> }
  | { type: "go"; step: Step }
  | { type: "test"; event: TestEvent }
  | { type: "tick"; modelId: string; enabled: boolean }
  | { type: "tick_all"; shown: Choice[]; enabled: boolean }
  | { type: "rename"; modelId: string; name: string }
  | { type: "add_typed"; modelId: string }
  | { type: "saved"; connection: ConnectionView };

export const emptyForm = (maintainerId = ""): Form => ({
  name: "",
  provider: "openai_compatible",
  baseUrl: "",
  authStyle: "auto",
  zone: null,
  zoneChosen: false,
  dataLocation: "",
  maintainerId,
  keyExpiresOn: "",
  typedModelId: "",
  caPem: "",
  pin: "",
});

export const certificatesOf = ({ form, clientPem }: Pick<Wizard, "form" | "clientPem">): Certificates => ({ caPem: form.caPem, clientPem, pin: form.pin });

/** A wizard always opens at the first step: the key is not kept, and without it nothing later holds. */
export const openWizard = (form: Form): Wizard => ({
  step: "address",
  form,
  apiKey: "",
  clientPem: "",
  run: idleRun(),
  choices: [],
  saved: null,
});

export type FieldName = "name" | "baseUrl" | "zone";

const serverNames: Record<string, FieldName> = { name: "name", base_url: "baseUrl", zone: "zone" };

/** The field of the first step that a refusal names. */
export const fieldOf = (problem: Problem | null): FieldName | CertificateField | null =>
  serverNames[problem?.field ?? ""] ?? certificateFieldOf(problem);

/** OpenRouter is at one address for everybody; the others are where somebody says. */
export const hasAddress = ({ provider }: Pick<Form, "provider">): boolean => provider !== "openrouter";

/** What the first step still needs before a test makes sense. */
export function missingFields(form: Form): FieldName[] {
  const missing: FieldName[] = [];
  if (form.name.trim() === "") missing.push("name");
  if (hasAddress(form) && form.baseUrl.trim() === "") missing.push("baseUrl");
  if (form.zone === null) missing.push("zone");
  return missing;
}

export function canGo(wizard: Wizard, step: Step): boolean {
  switch (step) {
    case "address":
      return true;
    case "test":
      return missingFields(wizard.form).length === 0;
    case "models":
      return canGo(wizard, "test") && (wizard.run.finished?.passed ?? false);
    case "summary":
      return canGo(wizard, "models") && wizard.choices.length > 0;
  }
}

export function reduceWizard(wizard: Wizard, action: WizardAction): Wizard {
  switch (action.type) {
    case "edit":
      return edit(wizard, action.change);
    case "key":
      return action.apiKey === wizard.apiKey ? wizard : { ...forgetTest(wizard), apiKey: action.apiKey };
    case "certificates":
      return enterCertificates(wizard, action.change);
    case "go":
      return canGo(wizard, action.step) ? { ...wizard, step: action.step } : wizard;
    case "test":
      return follow(wizard, action.event);
    case "tick":
      return { ...wizard, choices: tick(wizard.choices, action.modelId, action.enabled) };
    case "tick_all":
      return { ...wizard, choices: tickAll(wizard.choices, action.shown, action.enabled) };
    case "rename":
      return { ...wizard, choices: rename(wizard.choices, action.modelId, action.name) };
    case "add_typed":
      return { ...wizard, choices: addTyped(wizard.choices, action.modelId) };
    case "saved":
      // The keys have done their work; nothing on the page needs them any more.
      return { ...wizard, saved: action.connection, apiKey: "", clientPem: "" };
  }
}

function edit(wizard: Wizard, change: Partial<Form>): Wizard {
  const form = { ...wizard.form, ...change };
  if ("zone" in change) form.zoneChosen = true;
  else if (!form.zoneChosen && ("baseUrl" in change || "provider" in change)) form.zone = hasAddress(form) ? guessZone(form.baseUrl) : "router";
  const tested = ["provider", "baseUrl", "authStyle"] as const;
  const isVoid = tested.some((field) => form[field] !== wizard.form[field]);
  return isVoid ? { ...forgetTest(wizard), form } : { ...wizard, form };
}

function enterCertificates(wizard: Wizard, change: Partial<Certificates>): Wizard {
  const before = certificatesOf(wizard);
  const { clientPem, ...kept } = { ...before, ...change };
  if (clientPem === before.clientPem && kept.caPem === before.caPem && kept.pin === before.pin) return wizard;
  return { ...forgetTest(wizard), form: { ...wizard.form, ...kept }, clientPem };
}

/** A result belongs to the address, key and certificates it was made with. Choices stay: the same models may come again. */
const forgetTest = (wizard: Wizard): Wizard => ({ ...wizard, run: idleRun() });

function follow(wizard: Wizard, event: TestEvent): Wizard {
  const run = advance(wizard.run, event);
  if (event.type !== "finished" || !event.finished.passed) return { ...wizard, run };
  // What is new asks a router for providers that don't train; more is demanded on the connection's page.
  const [tickedUpTo, policy] = hasAddress(wizard.form) ? ([TICK_ALL_UP_TO, null] as const) : ([0, "no_training"] as const);
  let choices = choicesFrom(event.finished.models, wizard.choices, tickedUpTo, policy);
  // A model that answered under a typed id is wanted, whether or not a list names it.
  choices = addTyped(choices, wizard.form.typedModelId);
  return { ...wizard, run, choices };
}

export function toTestRequest(wizard: Wizard): TestRequest {
  const { form, apiKey } = wizard;
  return {
    provider: form.provider,
    base_url: hasAddress(form) ? form.baseUrl.trim() : "",
    api_key: apiKey,
    auth_style: form.authStyle,
    tls: toTls(certificatesOf(wizard)),
    model_id: form.typedModelId.trim() || null,
  };
}

export function toConnectionMake(wizard: Wizard): ConnectionMake {
  const { form, apiKey, choices, run } = wizard;
  return {
    name: form.name.trim(),
    provider: form.provider,
    base_url: hasAddress(form) ? form.baseUrl.trim() : "",
    api_key: apiKey,
    auth_style: form.authStyle,
    tls: toTls(certificatesOf(wizard)),
    zone: form.zone ?? "own_hardware",
    data_location: form.dataLocation.trim(),
    maintainer_id: form.maintainerId || null,
    key_expires_on: form.keyExpiresOn || null,
    models: toModelChoices(choices),
    test_id: run.finished?.test_id ?? null,
  };
}

export const modelsInPicker = (wizard: Wizard): number => countTicked(wizard.choices);
