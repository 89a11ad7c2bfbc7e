import { describe, expect, it } from "vitest";
import type { Schemas } from "@/api/client";
import type { PickerModel } from "@/api/queries";
import { calledAs, changedSince, modelOf, switchesOf } from "./alias";
import type { Turn } from "./tree";

const model = { ref: "alias:h", name: "House model", alias: { ref: "byom:new", name: "Qwen", since: "2026-05-03T00:00:00Z" } } as PickerModel;
const receipt = (ref: string, target: string | null) =>
  ({ model_ref: ref, model_name: "Llama", connection_name: "GPU", origin: "included", zone: "own_hardware", alias: target ? { id: "h", name: "House model", target_ref: target } : null }) as Schemas["Receipt"];

describe("an alias in a conversation", () => {
  it("has come to stand for another model since the last answer", () => {
    expect(changedSince(model, receipt("alias:h", "byom:old"))).toEqual({ before: "Llama", beforeConnection: "GPU", zone: "own_hardware" });
  });

  it("has not, where it still stands for the same, or another model was asked", () => {
    expect(changedSince(model, receipt("alias:h", "byom:new"))).toBeNull();
    expect(changedSince(model, receipt("alias:other", "byom:old"))).toBeNull();
    expect(changedSince(model, receipt("byom:old", null))).toBeNull();
    expect(changedSince(model, undefined)).toBeNull();
    expect(changedSince(undefined, receipt("alias:h", "byom:old"))).toBeNull();
  });

  it("is told apart from the model that answered", () => {
    expect(modelOf(receipt("alias:h", "byom:old"))).toBe("byom:old");
    expect(modelOf(receipt("byom:old", null))).toBe("byom:old");
  });

  it("is told with it where both count", () => {
    expect(calledAs(receipt("alias:h", "byom:old"))).toBe("House model → Llama");
    expect(calledAs(receipt("byom:old", null))).toBe("Llama");
  });
});

describe("the line where another model goes on", () => {
  const turn = (reply: Schemas["Receipt"] | null) => ({ message: { role: reply ? "assistant" : "user", reply } }) as Turn;
  const hidden = { ...receipt("", null), model_name: "A", origin: "hidden" } as Schemas["Receipt"];
  const between = (before: Schemas["Receipt"], next: Schemas["Receipt"]) => {
    const branch = [turn(null), turn(before), turn(null), turn(next)];
    return switchesOf(branch).get(branch[2] as Turn);
  };

  it("stands between answers of two models", () => {
    expect(between(receipt("byom:old", null), receipt("byom:new", null))?.next.model_ref).toBe("byom:new");
    expect(between(receipt("byom:old", null), receipt("byom:old", null))).toBeUndefined();
  });

  it("says nothing of an answer that is judged blind", () => {
    expect(between(receipt("byom:old", null), hidden)).toBeUndefined();
    expect(between(hidden, receipt("byom:old", null))).toBeUndefined();
  });
});
