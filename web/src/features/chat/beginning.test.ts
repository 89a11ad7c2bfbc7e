import { QueryClient } from "@tanstack/react-query";
import { afterEach, describe, expect, it, vi } from "vitest";
import { begin, resealing } from "./beginning";
import type { Conversation } from "./tree";

const made = (id: string, sealed_to: Conversation["sealed_to"]) => ({ id, sealed_to, messages: [], comparisons: [] }) as unknown as Conversation;

/** Answers as the server would, and keeps what it was asked. */
function serverWith(answers: Record<string, { status: number; body: unknown }>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (path: string, { method, body }: { method: string; body: string | null }) => {
    asked.push(`${method} ${path} ${body ?? ""}`.trim());
    const { status, body: told } = answers[method] ?? { status: 500, body: {} };
    return Promise.resolve(new Response(JSON.stringify(told), { status, headers: { "Content-Type": "application/json" } }));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe("a conversation begins with the seal that the field shows", () => {
  it("also when an earlier try made it without one", async () => {
    const asked = serverWith({ PUT: { status: 200, body: made("c", ["own_hardware"]) } });
    const kept = { current: made("c", null) };
    await expect(begin(new QueryClient(), kept, { fresh: ["own_hardware"], shown: ["own_hardware"] })).resolves.toBe("c");
    expect(asked).toEqual(['PUT /api/conversations/c/seal {"zones":["own_hardware"]}']);
    expect(kept.current.sealed_to).toEqual(["own_hardware"]);
  });

  it("or not at all", async () => {
    serverWith({ PUT: { status: 503, body: {} } });
    await expect(begin(new QueryClient(), { current: made("c", null) }, { fresh: ["own_hardware"], shown: ["own_hardware"] })).rejects.toThrow();
  });

  it("also when the team decided otherwise since the field was drawn", async () => {
    const asked = serverWith({ POST: { status: 200, body: made("c", null) }, PUT: { status: 200, body: made("c", ["own_hardware"]) } });
    await begin(new QueryClient(), { current: null }, { fresh: null, shown: ["own_hardware"] });
    expect(asked).toHaveLength(2);
  });

  it("and is made anew where a seal was opened", async () => {
    const asked = serverWith({ DELETE: { status: 200, body: {} }, POST: { status: 200, body: made("d", null) } });
    const kept = { current: made("c", ["own_hardware"]) };
    await expect(begin(new QueryClient(), kept, { fresh: null, shown: null })).resolves.toBe("d");
    expect(asked.map((one) => one.split(" ")[0])).toEqual(["DELETE", "POST"]);
  });

  it("which is kept, tightened or opened as the two differ", () => {
    expect(resealing(null, null)).toBe("keep");
    expect(resealing(["own_hardware", "router"], ["router", "own_hardware"])).toBe("keep");
    expect(resealing(["own_hardware", "router"], ["own_hardware"])).toBe("tighten");
    expect(resealing(["own_hardware"], ["own_hardware", "router"])).toBe("anew");
    expect(resealing(["own_hardware"], null)).toBe("anew");
  });
});
