import { describe, expect, it } from "vitest";
import { type Conversation, followed, lastModel, type Message, newestLeaf, questionOf, runningReply, visibleBranch, withMessages } from "./tree";

function message(id: string, parent: string | null, at: number, reply?: { state: string; model_ref: string }): Message {
  return { id, parent_id: parent, role: reply ? "assistant" : "user", text: id, reasoning: "", created_at: `2026-11-23T10:00:0${at}Z`, author: null, reply: reply ? { reply_id: `r-${id}`, ...reply } : null } as Message;
}

const conversation = {
  id: "c", title: "", created_at: "", updated_at: "", head_id: "a2",
  messages: [
    message("q1", null, 0),
    message("a1", "q1", 1, { state: "done", model_ref: "byom:one" }),
    message("a2", "q1", 2, { state: "running", model_ref: "byom:two" }),
    message("q2", "a1", 3),
    message("a3", "q2", 4, { state: "done", model_ref: "byom:one" }),
    message("q1b", null, 5),
  ],
} as Conversation;

describe("the branch that is shown", () => {
  it("ends at the head and counts the other versions", () => {
    const branch = visibleBranch(conversation);
    expect(branch.map((t) => t.message.id)).toEqual(["q1", "a2"]);
    expect(branch.map((t) => t.siblings)).toEqual([["q1", "q1b"], ["a1", "a2"]]);
  });

  it("gives the same turns as before, but for those of which something changed", () => {
    const before = visibleBranch(conversation);
    const answer = message("a2", "q1", 2, { state: "done", model_ref: "byom:two" });
    const after = visibleBranch(withMessages(conversation, [answer, message("q3", "a2", 6)], "q3"));
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toEqual({ message: answer, siblings: ["a1", "a2"] });
    const another = visibleBranch(withMessages(conversation, [message("q1c", null, 7)]));
    expect(another[0]?.siblings).toEqual(["q1", "q1b", "q1c"]);
    expect(another[1]).toBe(before[1]);
  });

  it("goes to the newest message of another version", () => {
    expect(newestLeaf(conversation, "a1")).toBe("a3");
    expect(newestLeaf(conversation, "a2")).toBe("a2");
  });

  it("knows the reply that runs and the model that answered last", () => {
    const branch = visibleBranch(conversation);
    expect(runningReply(branch)).toBe("r-a2");
    expect(lastModel(branch, conversation)).toBe("byom:two");
    expect(runningReply(visibleBranch({ ...conversation, head_id: "a3" }))).toBeNull();
  });

  it("keeps to the model that answered elsewhere where a question was not asked yet", () => {
    expect(lastModel(visibleBranch({ ...conversation, head_id: "q1b" }), conversation)).toBe("byom:one");
    expect(lastModel([], null)).toBeNull();
  });

  it("puts a new message after the last one, and beside a question that was not asked", () => {
    const unasked = { ...message("q2b", "a1", 6), unasked: true };
    const ending = (head: string | null) => followed({ ...conversation, messages: [...conversation.messages, unasked], head_id: head });
    expect(ending("a3")).toBe("a3");
    expect(ending("q2")).toBe("q2");
    expect(ending("q2b")).toBe("a1");
    expect([ending(null), followed(null)]).toEqual([null, null]);
  });

  it("knows what an answer answers", () => {
    expect(questionOf(conversation, "a2")?.id).toBe("q1");
    expect(questionOf(conversation, "gone")).toBeUndefined();
    expect(questionOf(undefined, "a2")).toBeUndefined();
  });

  it("takes new messages in without losing the others, and keeps the identity of those", () => {
    const next = withMessages(conversation, [message("a2", "q1", 2, { state: "done", model_ref: "byom:two" }), message("q3", "a2", 6)], "q3");
    expect(next.messages).toHaveLength(7);
    expect(next.messages[0]).toBe(conversation.messages[0]);
    expect(visibleBranch(next).map((t) => t.message.id)).toEqual(["q1", "a2", "q3"]);
  });

  it("survives a parent that is missing and a circle", () => {
    expect(visibleBranch({ ...conversation, messages: [message("x", "gone", 0)], head_id: "x" }).map((t) => t.message.id)).toEqual(["x"]);
    expect(visibleBranch({ ...conversation, messages: [message("x", "y", 0), message("y", "x", 1)], head_id: "x" })).toHaveLength(2);
  });
});
