import { describe, expect, it } from "vitest";
import { choicesFrom, noFacts, search, TICK_ALL_UP_TO, tickAll } from "./choices";
import { type DraftPlace, loadDraft, saveDraft, type TabStorage } from "./draft";
import { advance, blockerOf, CUT, describeRun, fieldProblem, idleRun, needsTypedModel, STAGES, summarise, type TestRun, wasRefused } from "./stages";
import type { FoundModel, StageView, TestFinished } from "./types";
import { canGo, emptyForm, fieldOf, openWizard, reduceWizard, toConnectionMake, toTestRequest, type Wizard } from "./wizard";

const found = (n: number): FoundModel[] =>
  Array.from({ length: n }, (_, i) => ({ model_id: `m${i}`, name: `Model ${i}`, context_length: null, inputs: ["text"], facts: noFacts }));

const stage = (name: StageView["stage"], state: StageView["state"], more: Partial<StageView> = {}): StageView => ({
  stage: name,
  state,
  code: null,
  message: "",
  facts: {},
  ms: 1,
  ...more,
});

function finished(states: Partial<Record<StageView["stage"], StageView["state"]>>, models: FoundModel[], passed: boolean): TestFinished {
  const stages = STAGES.map((name) => stage(name, states[name] ?? "passed"));
  return { test_id: "t", passed, stages, models, models_offered: models.length > 0, notes: [] };
}

const filled = (): Wizard =>
  reduceWizard(openWizard({ ...emptyForm(), name: "Kanzlei GPU", baseUrl: "https://llm.brandt.de/v1", zone: "own_hardware" }), {
    type: "key",
    apiKey: "sk-secret",
  });

const tested = (models = found(2)): Wizard =>
  reduceWizard(filled(), { type: "test", event: { type: "finished", finished: finished({}, models, true) } });

describe("the wizard", () => {
  it("asks for no address where there is only one, and ticks nothing of a market", () => {
    const router = reduceWizard(filled(), { type: "edit", change: { provider: "openrouter" } });
    expect(toTestRequest(router)).toMatchObject({ provider: "openrouter", base_url: "" });
    const unnamed = reduceWizard(openWizard({ ...emptyForm(), name: "Router" }), { type: "edit", change: { provider: "openrouter" } });
    expect(unnamed.form.zone).toBe("router");
    expect(canGo(unnamed, "test")).toBe(true);
    const after = reduceWizard(unnamed, { type: "test", event: { type: "finished", finished: finished({}, found(2), true) } });
    expect(after.choices.map((choice) => choice.enabled)).toEqual([false, false]);
    expect(canGo(reduceWizard(after, { type: "edit", change: { provider: "ollama", baseUrl: "https://o.example.com/v1" } }), "models")).toBe(false);
  });

  it("opens later steps only when what they need is there", () => {
    const empty = openWizard(emptyForm());
    expect(reduceWizard(empty, { type: "go", step: "test" }).step).toBe("address");
    expect(reduceWizard(filled(), { type: "go", step: "test" }).step).toBe("test");
    expect(canGo(filled(), "models")).toBe(false);
    expect(reduceWizard(tested(), { type: "go", step: "models" }).step).toBe("models");
  });

  it("forgets a result when the address, the key or the sign-in style changes, and only then", () => {
    expect(canGo(reduceWizard(tested(), { type: "edit", change: { name: "Other" } }), "models")).toBe(true);
    expect(canGo(reduceWizard(tested(), { type: "edit", change: { baseUrl: "https://other.de" } }), "models")).toBe(false);
    expect(canGo(reduceWizard(tested(), { type: "edit", change: { authStyle: "api_key" } }), "models")).toBe(false);
    expect(canGo(reduceWizard(tested(), { type: "key", apiKey: "sk-other" }), "models")).toBe(false);
  });

  it("forgets a result when the certificates change, and only then", () => {
    const withCertificates = (change: object) => reduceWizard(tested(), { type: "certificates", change });
    expect(canGo(withCertificates({ caPem: "-----BEGIN" }), "models")).toBe(false);
    expect(canGo(withCertificates({ clientPem: "-----BEGIN" }), "models")).toBe(false);
    expect(canGo(withCertificates({ pin: "abc" }), "models")).toBe(false);
    expect(canGo(withCertificates({ caPem: "", clientPem: "", pin: "" }), "models")).toBe(true);
  });

  it("tests and saves with the same certificates", () => {
    const wizard = reduceWizard(filled(), { type: "certificates", change: { caPem: "ca", clientPem: "client", pin: "pin" } });
    expect(toTestRequest(wizard).tls).toEqual({ ca_pem: "ca", client_pem: "client", pin: "pin" });
    expect(toConnectionMake(wizard).tls).toEqual(toTestRequest(wizard).tls);
    expect(toTestRequest(filled()).tls).toBeNull();
  });

  it("leads a refusal to the field that it names", () => {
    const of = (field: string | null) => fieldOf({ code: "x", message: "x", field } as never);
    expect([of("base_url"), of("tls.client_pem"), of("tls.pin"), of("models"), fieldOf(null)]).toEqual(["baseUrl", "clientPem", "pin", null, null]);
  });

  it("suggests an origin from a well-known address until a person has chosen", () => {
    let wizard = openWizard(emptyForm());
    wizard = reduceWizard(wizard, { type: "edit", change: { baseUrl: "https://openrouter.ai/api/v1" } });
    expect(wizard.form.zone).toBe("router");
    wizard = reduceWizard(wizard, { type: "edit", change: { zone: "own_contract" } });
    wizard = reduceWizard(wizard, { type: "edit", change: { baseUrl: "https://openrouter.ai/api/v1/" } });
    expect(wizard.form.zone).toBe("own_contract");
  });

  it("ticks all of a few models and none of many", () => {
    expect(tested(found(TICK_ALL_UP_TO)).choices.every((choice) => choice.enabled)).toBe(true);
    expect(tested(found(TICK_ALL_UP_TO + 1)).choices.some((choice) => choice.enabled)).toBe(false);
  });

  it("keeps ticks and names when the test is run again", () => {
    let wizard = tested();
    wizard = reduceWizard(wizard, { type: "tick", modelId: "m1", enabled: false });
    wizard = reduceWizard(wizard, { type: "rename", modelId: "m0", name: "Briefe" });
    wizard = reduceWizard(wizard, { type: "test", event: { type: "finished", finished: finished({}, found(3), true) } });
    expect(wizard.choices.map(({ modelId, name, enabled }) => [modelId, name, enabled])).toEqual([
      ["m0", "Briefe", true],
      ["m1", "", false],
      ["m2", "", true],
    ]);
  });

  it("takes a typed id that answered, where the endpoint offers no list", () => {
    let wizard = reduceWizard(filled(), { type: "edit", change: { typedModelId: " my-model " } });
    expect(toTestRequest(wizard).model_id).toBe("my-model");
    wizard = reduceWizard(wizard, { type: "test", event: { type: "finished", finished: finished({ models: "warned" }, [], true) } });
    expect(wizard.choices).toMatchObject([{ modelId: "my-model", enabled: true, typed: true }]);
  });

  it("sends the test's id with what is saved, so that its findings are kept", () => {
    const make = toConnectionMake(tested());
    expect(make).toMatchObject({ test_id: "t", zone: "own_hardware", maintainer_id: null, key_expires_on: null });
    expect(make.models?.[0]).toEqual({ model_id: "m0", name: "Model 0", enabled: true });
  });

  it("drops the key and the client certificate once the connection is saved (P12)", () => {
    const wizard = reduceWizard(reduceWizard(tested(), { type: "certificates", change: { clientPem: "pem-secret" } }), { type: "saved", connection: {} as never });
    expect(JSON.stringify(wizard)).not.toMatch(/sk-secret|pem-secret/);
  });
});

describe("the draft", () => {
  const memory = (): TabStorage & { text: () => string } => {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
      text: () => [...kept.values()].join(),
    };
  };

  const placeOf = (storage: TabStorage, personId = "me"): DraftPlace => ({ storage, personId, teamId: "team" });

  it("brings back what was typed, without the key and the client certificate (P12)", () => {
    const storage = memory();
    const { form } = reduceWizard(filled(), { type: "certificates", change: { caPem: "an authority", clientPem: "pem-secret", pin: "a pin" } });
    saveDraft(placeOf(storage), form);
    expect(storage.text()).not.toMatch(/sk-secret|pem-secret/);
    expect(loadDraft(placeOf(storage))).toEqual({ ...filled().form, caPem: "an authority", pin: "a pin" });
  });

  it("keeps no private key that was pasted where an authority belongs (P12)", () => {
    const storage = memory();
    saveDraft(placeOf(storage), { ...filled().form, caPem: "-----BEGIN EC PRIVATE KEY-----\npem-secret" });
    expect(storage.text()).not.toContain("pem-secret");
    expect(loadDraft(placeOf(storage))).toEqual(filled().form);
  });

  it("is not shown to the next person in the same tab", () => {
    const storage = memory();
    saveDraft(placeOf(storage), filled().form);
    expect(loadDraft(placeOf(storage, "eve"))).toEqual(emptyForm("eve"));
    expect(loadDraft({ ...placeOf(storage), teamId: "other" })).toEqual(emptyForm("me"));
  });

  it("survives nonsense in the storage", () => {
    const storage = memory();
    saveDraft(placeOf(storage), filled().form);
    for (const text of ["{", "null", "7", '{"name":7,"zone":"router","evil":1}']) {
      const form = loadDraft(placeOf({ ...storage, getItem: () => text }));
      expect(form).toMatchObject({ name: "", maintainerId: "me" });
      expect("evil" in form).toBe(false);
    }
  });
});

describe("a staged test", () => {
  const failedAt = (name: StageView["stage"]): TestRun => {
    const at = STAGES.indexOf(name);
    const states = Object.fromEntries(STAGES.map((other, i) => [other, i < at ? "passed" : i === at ? "failed" : "skipped"]));
    return advance({ ...idleRun(), status: "running" }, { type: "finished", finished: finished(states, [], false) });
  };

  it("shows rows in the fixed order whatever order they arrive in", () => {
    let run = advance(idleRun(), { type: "started" });
    run = advance(run, { type: "stage", stage: stage("dns", "running") });
    run = advance(run, { type: "stage", stage: stage("url", "passed") });
    expect(run.rows.map((row) => row.stage)).toEqual(STAGES);
    expect(summarise(run)).toMatchObject({ kind: "running", stage: "dns", passed: 1, total: 9 });
  });

  it("names the stage that later ones wait for", () => {
    expect(blockerOf(failedAt("credential").rows)).toBe("credential");
    expect(summarise(failedAt("credential"))).toMatchObject({ kind: "failed", stage: "credential", passed: 5 });
  });

  it("asks for a typed id only when everything before the model list passed", () => {
    const noList = finished({ models: "warned", completion: "skipped", usage: "skipped" }, [], false);
    const run = advance(idleRun(), { type: "finished", finished: noList });
    expect(needsTypedModel(run)).toBe(true);
    expect(summarise(run).kind).toBe("needs_model");
    expect(needsTypedModel(failedAt("tls"))).toBe(false);
  });

  it("stops showing a running stage when the line to the server is cut", () => {
    let run = advance(idleRun(), { type: "started" });
    run = advance(run, { type: "stage", stage: stage("tcp", "running") });
    run = advance(run, { type: "broke", problem: { code: "offline", message: "x", retryable: true } as never });
    expect(run.rows.some((row) => row.state === "running")).toBe(false);
    expect(summarise(run).kind).toBe("broken");
  });

  it("tells a refusal to begin, where nothing changed, from a line that was cut", () => {
    const broke = (problem: object) => advance(idleRun(), { type: "broke", problem: problem as never });
    const refused = broke({ code: "key_needed", message: "Enter the key again.", field: "api_key" });
    expect(wasRefused(refused)).toBe(true);
    expect(fieldProblem(refused, "api_key")).toBe("Enter the key again.");
    expect(fieldProblem(refused, "base_url")).toBeNull();
    expect(wasRefused(broke({ code: CUT, message: "x" }))).toBe(false);
  });

  it("describes itself for a ticket", () => {
    const run = advance(idleRun(), { type: "stage", stage: stage("tls", "passed", { ms: 41.4, facts: { version: "TLSv1.3" } }) });
    expect(describeRun(run, (name) => name)).toContain("tls: passed 41 ms (version=TLSv1.3)");
  });
});

describe("the model search", () => {
  it("finds by id, given name and own name, every word counting", () => {
    const choices = choicesFrom(found(12));
    expect(search(choices, "model m1").map((choice) => choice.modelId)).toEqual(["m1", "m10", "m11"]);
    expect(search(choices, "")).toHaveLength(12);
  });

  it("ticks and unticks all that it shows at once, and nothing else (P7)", () => {
    const on = (choices: ReturnType<typeof choicesFrom>) => choices.filter((choice) => choice.enabled).map((choice) => choice.modelId);
    const choices = choicesFrom(found(12));
    expect(on(choices)).toEqual([]);
    const some = tickAll(choices, search(choices, "m1"), true);
    expect(on(some)).toEqual(["m1", "m10", "m11"]);
    expect(on(tickAll(some, search(some, "m10"), false))).toEqual(["m1", "m11"]);
  });
});
