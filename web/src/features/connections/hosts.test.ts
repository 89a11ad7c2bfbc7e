import { describe, expect, it } from "vitest";
import { addTyped, choicesFrom, noFacts, refusedIfTicked, tick, withPoliciesOf } from "./choices";
import { isUnmet, keepersOf } from "./hosts";
import { openWizard, emptyForm, reduceWizard } from "./wizard";

const model = (id: string, hosts: string[] | null) => ({ model_id: id, name: id, context_length: null, inputs: ["text"], facts: { ...noFacts, no_retention_hosts: hosts } });
const found = [model("kept", []), model("free", ["DeepHarbour"]), model("untold", null)];

describe("who keeps nothing", () => {
  it("tells nobody from not known", () => {
    expect(found.map((one) => keepersOf(one.facts))).toEqual(["none", "some", "unknown"]);
  });

  it("is unmet only where nothing may be kept and everybody is known to keep", () => {
    expect(found.map((one) => isUnmet(one.facts, "no_retention"))).toEqual([true, false, false]);
    for (const policy of ["no_training", "any", null] as const) expect(found.some((one) => isUnmet(one.facts, policy))).toBe(false);
  });

  it("names ticked models whose every call would be refused, and no others", () => {
    const choices = choicesFrom(found, [], 0, "no_retention");
    expect(refusedIfTicked(choices)).toEqual([]);
    const ticked = ["kept", "free", "untold"].reduce((all, id) => tick(all, id, true), choices);
    expect(refusedIfTicked(addTyped(ticked, "typed")).map((one) => one.modelId)).toEqual(["kept"]);
  });

  it("follows a policy that was set while ticks were not saved yet", () => {
    const edited = addTyped(tick(choicesFrom(found, [], 0, "no_training"), "kept", true), "typed");
    const now = withPoliciesOf(choicesFrom(found, [], 0, "no_retention"), edited);
    expect(refusedIfTicked(now).map((one) => one.modelId)).toEqual(["kept"]);
    expect(now.map((one) => [one.enabled, one.policy]).at(-1)).toEqual([true, null]);
  });

  it("is a matter of routers alone", () => {
    const finished = { test_id: "t", passed: true, stages: [], models: found, models_offered: true, notes: [] };
    const policies = (provider: "openrouter" | "ollama") => {
      const wizard = reduceWizard(openWizard(emptyForm()), { type: "edit", change: { provider } });
      return reduceWizard(wizard, { type: "test", event: { type: "finished", finished } }).choices.map((one) => one.policy);
    };
    expect(policies("openrouter")).toEqual(["no_training", "no_training", "no_training"]);
    expect(policies("ollama")).toEqual([null, null, null]);
  });
});
