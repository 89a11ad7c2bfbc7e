import { describe, expect, it } from "vitest";
import type { ConnectionList } from "../types";
import type { StandardModels } from "./queries";
import { byOrigin, targetsOf } from "./targets";

const model = (id: string, enabled: boolean, vanished: string | null = null) => ({ ref: `byom:${id}`, name: id, enabled, vanished_at: vanished });
const connections = {
  connections: [
    { name: "Kanzlei GPU", zone: "own_hardware", models: [model("on", true), model("off", false), model("gone", true, "2026-05-03")] },
    { name: "Router", zone: "router", models: [model("far", true)] },
  ],
} as unknown as ConnectionList;
const standard = { providers: [{ provider: "rack", name: "Our rack", models: [{ ref: "standard:rack/a", name: "A" }] }] } as unknown as StandardModels;

describe("what an alias can stand for", () => {
  it("is switched on and still there, or a standard model", () => {
    expect(targetsOf(connections, standard).map((target) => target.ref)).toEqual(["byom:on", "byom:far", "standard:rack/a"]);
  });

  it("stands by origin, nearest first, without empty groups", () => {
    expect(byOrigin(targetsOf(connections, standard)).map((group) => group.origin)).toEqual(["own_hardware", "router", "included"]);
  });
});
