import { describe, expect, it } from "vitest";
import { type Conversation, visibleBranch } from "../tree";
import { type Comparison, comparisonAtEnd, isSideBySide, runningIn } from "./data";

const answer = (id: string, state: string) => ({ id, parent_id: "q", role: "assistant", created_at: id, reply: { reply_id: `r-${id}`, state } });
const comparison = { id: "k", answer_ids: ["a", "b"], chosen_id: null } as unknown as Comparison;
const conversation = {
  head_id: "b",
  messages: [{ id: "q", parent_id: null, role: "user", created_at: "0", reply: null }, answer("a", "done"), answer("b", "running"), answer("c", "done")],
  comparisons: [comparison],
} as unknown as Conversation;
const chosen = { ...comparison, chosen_id: "b" } as Comparison;

describe("a comparison", () => {
  it("is at the end as long as one of its answers is", () => {
    expect(comparisonAtEnd(conversation, visibleBranch(conversation))).toBe(comparison);
    const other = { ...conversation, head_id: "c" } as Conversation;
    expect(comparisonAtEnd(other, visibleBranch(other))).toBeNull();
    expect(runningIn(conversation, comparison)).toEqual(["r-b"]);
  });

  it("is side by side until one is chosen", () => {
    expect(isSideBySide(comparison, [], null)).toBe(true);
    expect(isSideBySide(chosen, [], null)).toBe(false);
    expect(isSideBySide(chosen, [], "other")).toBe(false);
  });

  it("stays so while one is being written, and where somebody looks at it again", () => {
    expect(isSideBySide(chosen, ["r-b"], null)).toBe(true);
    expect(isSideBySide(chosen, [], "k")).toBe(true);
  });
});
