import { describe, expect, it } from "vitest";
import { noFacts } from "./choices";
import { changesOf, formOf, peculiarities, readLength, type Model } from "./profiles";

const model = (profile: Partial<Model["profile"]> = {}, more: Partial<Model> = {}): Model => ({
  id: "1",
  ref: "byom:1",
  model_id: "m",
  name: "M",
  enabled: true,
  typed: false,
  context_length: 8192,
  inputs: ["text"],
  vanished_at: null,
  facts: noFacts,
  profile: {
    habits: { stream_usage: null, limit_field: "max_tokens", takes_system: true, streaming: "any", data_policy: "no_training" },
    learnt: [],
    set_by_people: [],
    found_context_length: 8192,
    found_inputs: ["text"],
    ...profile,
  },
  ...more,
});

describe("what is particular about a model", () => {
  it("is nothing for an ordinary one", () => {
    expect(peculiarities(model())).toEqual([]);
    expect(changesOf(formOf(model()), formOf(model()))).toEqual({});
  });

  it("says of each thing whether a person set it", () => {
    const odd = model({
      habits: { stream_usage: false, limit_field: "none", takes_system: false, streaming: "never", data_policy: "any" },
      learnt: ["stream_usage"],
      set_by_people: ["limit_field"],
    });
    expect(peculiarities(odd).map((one) => [one.code, one.isSet])).toEqual([
      ["no_usage", false],
      ["no_limit", true],
      ["no_system", false],
      ["no_stream", false],
    ]);
    // What calls have shown is no wish of anybody: the form leaves it as it is found.
    expect(formOf(odd)).toMatchObject({ stream_usage: "found", limit_field: "none", takes_system: "found" });
  });

  it("sends only what differs, and null for what is taken back", () => {
    const set = model({ set_by_people: ["context_length", "inputs", "streaming"], habits: { stream_usage: true, limit_field: "max_tokens", takes_system: true, streaming: "always", data_policy: "no_training" } }, { context_length: 4096, inputs: ["text", "image"] });
    const before = formOf(set);
    expect(before).toMatchObject({ context: "4096", ownInputs: true, inputs: ["image"], streaming: "always" });
    expect(changesOf(before, { ...before, context: "" })).toEqual({ context_length: null });
    expect(changesOf(before, { ...before, inputs: ["image", "file"] })).toEqual({ inputs: ["text", "image", "file"] });
    expect(changesOf(before, { ...before, ownInputs: false })).toEqual({ inputs: null });
    expect(changesOf(before, { ...before, streaming: "found", takes_system: "false" })).toEqual({ streaming: null, takes_system: false });
  });

  it("reads a length as people write it", () => {
    expect([" 32768 ", "32.768", "32 768", "32,768", ""].map(readLength)).toEqual([32768, 32768, 32768, 32768, null]);
    for (const text of ["0", "32k", "-1", "9999999999"]) expect(readLength(text)).toBeNaN();
  });
});
