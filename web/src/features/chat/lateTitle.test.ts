import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "@/api/queries";
import { lookForTitle } from "./lateTitle";
import type { Message } from "./tree";

const question = { role: "user", reply: null } as Message;
const answer = (origin: string) => ({ role: "assistant", reply: { origin } }) as Message;

/** How often the page looks. */
function looks(messages: Message[]): number {
  const client = new QueryClient();
  client.setQueryData(keys.conversation("c"), { title: "First words", messages });
  const asked = vi.spyOn(client, "invalidateQueries");
  lookForTitle(client, "c");
  vi.advanceTimersByTime(60_000);
  return asked.mock.calls.filter(([what]) => what?.queryKey === undefined || what.queryKey[0] === "conversation").length;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a title that comes late is looked for", () => {
  it("after the first question, with one answer or several", () => {
    expect(looks([question, answer("router")])).toBe(3);
    expect(looks([question, answer("router"), answer("own_hardware")])).toBe(3);
  });

  it("not after the second, nor where models are hidden: none is made", () => {
    expect(looks([question, answer("router"), question, answer("router")])).toBe(0);
    expect(looks([question, answer("hidden"), answer("hidden")])).toBe(0);
  });
});
