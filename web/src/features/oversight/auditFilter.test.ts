import { expect, it } from "vitest";
import { byGroup, countOf, readFilter, withParts } from "./auditFilter";

const read = (query: string) => readFilter(new URLSearchParams(query));

it("reads what the address says and leaves out what nobody could mean", () => {
  expect(read("action=member&outcome=failed&from_day=2026-11-01&text=%20werft%20")).toEqual({ action: "member", outcome: "failed", from_day: "2026-11-01", text: "werft" });
  expect(read("outcome=maybe&from_day=yesterday&to_day=2026-13-45&actor=Olga&object_id=&else=1")).toEqual({});
  expect(read("actor=nobody")).toEqual({ actor: "nobody" });
});

it("changes one part and keeps the others", () => {
  expect(withParts({ action: "member", text: "x" }, { text: "y" })).toEqual({ action: "member", text: "y" });
  expect(withParts({ action: "member", text: "x" }, { action: "" })).toEqual({ text: "x" });
  expect(countOf(withParts({}, {}))).toBe(0);
});

it("groups acts by what stands before their dot", () => {
  expect([...byGroup(["team.created", "member.joined", "team.renamed"])]).toEqual([["team", ["team.created", "team.renamed"]], ["member", ["member.joined"]]]);
});
