import { describe, expect, it } from "vitest";
import type { PickerModel } from "@/api/queries";
import { elsewhere, leavesHouse, ownModel } from "./leaving";
import type { Message } from "./tree";

const models = (["own_hardware", "router", "unstated", "scripted"] as const).map((zone) => ({ ref: `byom:${zone}`, zone })) as PickerModel[];
const answer = (zone: string, model_name: string) => ({ reply: { zone, model_name } }) as Message;

describe("leaving own hardware", () => {
  it("is said the first time that words go elsewhere, whoever answers for the model there", () => {
    for (const zone of ["own_contract", "router", "included", "unstated"] as const) {
      expect(leavesHouse(["own_hardware"], [zone])).toBe(true);
      expect(leavesHouse(["own_hardware", "scripted", "own_hardware"], ["own_hardware", zone])).toBe(true);
    }
  });

  it("is not said of what stays, before anything was there, or once they have left", () => {
    expect(leavesHouse(["own_hardware"], ["own_hardware"])).toBe(false);
    expect(leavesHouse(["own_hardware"], ["scripted"])).toBe(false);
    expect(leavesHouse([], ["router"])).toBe(false);
    expect(leavesHouse(["scripted"], ["router"])).toBe(false);
    expect(leavesHouse(["own_hardware", "router"], ["router"])).toBe(false);
  });
});

describe("before words leave own hardware", () => {
  it("every model elsewhere is named, not the first one only", () => {
    expect(elsewhere(models, ["byom:own_hardware", "byom:router", "byom:scripted", "byom:unstated"])).toEqual(["byom:router", "byom:unstated"]);
    expect(elsewhere(models, ["byom:own_hardware", "byom:new"])).toEqual(["byom:new"]);
  });

  it("all are, where the list does not know yet which of them is elsewhere", () => {
    expect(elsewhere(models, ["byom:own_hardware"])).toEqual(["byom:own_hardware"]);
    expect(elsewhere(undefined, ["byom:router"])).toEqual(["byom:router"]);
  });

  it("the model of own hardware is found on any branch", () => {
    expect(ownModel([answer("own_hardware", "Llama"), answer("own_hardware", "Qwen"), answer("router", "GPT")])).toBe("Qwen");
    expect(ownModel([{ reply: null } as Message, answer("unstated", "A")])).toBeNull();
  });
});
