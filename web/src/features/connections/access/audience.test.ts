import { describe, expect, it } from "vitest";
import { formOf, isComplete, leavesOut, toBody, toggled } from "./audience";

const olga = { id: "olga", role: "owner" };

describe("a rule about who may use a model", () => {
  it("is sent with what belongs to its kind and nothing else", () => {
    expect(toBody({ kind: "people", roles: ["owner"], people: ["mia"] })).toEqual({ kind: "people", roles: [], people: ["mia"] });
    expect(toBody({ kind: "roles", roles: ["member", "owner"], people: ["mia"] })).toEqual({ kind: "roles", roles: ["owner", "member"], people: [] });
    expect(toBody({ kind: "inherit", roles: ["owner"], people: ["mia"] })).toEqual({ kind: "inherit", roles: [], people: [] });
  });

  it("is complete once it names somebody", () => {
    expect(isComplete({ kind: "roles", roles: [], people: ["mia"] })).toBe(false);
    expect(isComplete({ kind: "people", roles: ["owner"], people: [] })).toBe(false);
    expect(isComplete({ kind: "nobody", roles: [], people: [] })).toBe(true);
    expect(isComplete({ kind: "people", roles: [], people: ["mia"] })).toBe(true);
  });

  it("tells its editor when they leave themselves out", () => {
    expect(leavesOut({ kind: "roles", roles: ["member"], people: [] }, olga)).toBe(true);
    expect(leavesOut({ kind: "roles", roles: ["owner"], people: [] }, olga)).toBe(false);
    expect(leavesOut({ kind: "people", roles: [], people: ["mia"] }, olga)).toBe(true);
    expect(leavesOut({ kind: "nobody", roles: [], people: [] }, olga)).toBe(true);
    expect(leavesOut({ kind: "everyone", roles: [], people: [] }, olga)).toBe(false);
  });

  it("begins as it is stored, or as what holds without it", () => {
    expect(formOf(null, "inherit").kind).toBe("inherit");
    expect(formOf({ kind: "people", roles: [], people: [{ id: "mia", name: "Mia" }] }, "everyone").people).toEqual(["mia"]);
  });

  it("takes somebody in once, and out again", () => {
    expect(toggled(["a", "b"], "b", true)).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a", false)).toEqual(["b"]);
  });
});
