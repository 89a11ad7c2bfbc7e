import { describe, expect, it } from "vitest";
import { followEvents, readEvents, type SseEvent } from "./sse";

function answer(chunks: Uint8Array[], breaks = false): Response {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks[at++];
      if (chunk) controller.enqueue(chunk);
      else if (breaks) controller.error(new TypeError("connection lost"));
      else controller.close();
    },
  });
  return new Response(body);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function collect(response: Response): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  await readEvents(response, (event) => events.push(event));
  return events;
}

describe("reading a stream of events", () => {
  it("keeps characters whole when a packet cuts them in two", async () => {
    const whole = bytes('id: 7\nevent: delta\ndata: {"text":"Grüße 🙂"}\n\n: ping\n\n');
    for (let cut = 1; cut < whole.length; cut += 1) {
      // oxlint-disable-next-line no-await-in-loop
      const events = await collect(answer([whole.slice(0, cut), whole.slice(cut)]));
      expect(events).toEqual([{ id: "7", event: "delta", data: '{"text":"Grüße 🙂"}' }]);
    }
  });
});

describe("following a reply", () => {
  const noWait = async (): Promise<void> => {};

  it("takes a broken connection up again from the last id, until the last event", async () => {
    const asked: (string | undefined)[] = [];
    const states: string[] = [];
    const seen: string[] = [];
    const answers = [
      () => answer([bytes("id: 1\nevent: snapshot\ndata: a\n\nid: 2\nevent: delta\ndata: b\n\n")], true),
      () => Promise.reject(new TypeError("offline")),
      () => answer([bytes("id: 3\nevent: delta\ndata: c\n\nid: 4\nevent: end\ndata: d\n\nid: 5\nevent: delta\ndata: never\n\n")]),
    ];
    await followEvents({
      connect: async (lastId) => {
        asked.push(lastId);
        const next = answers.shift();
        if (!next) throw new Error("asked too often");
        return next();
      },
      onEvent: (event) => (seen.push(event.data), event.event === "end"),
      onState: (state) => states.push(state),
      isFinal: (error) => error instanceof Error && error.message === "asked too often",
      signal: new AbortController().signal,
      wait: noWait,
    });
    expect(asked).toEqual([undefined, "2", "2"]);
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect(states).toEqual(["open", "reconnecting", "reconnecting", "open"]);
  });

  it("waits longer each time nobody answers, and not for ever", async () => {
    const waits: number[] = [];
    let tries = 0;
    const final = new Error("refused");
    const following = followEvents({
      connect: async () => {
        tries += 1;
        throw tries > 8 ? final : new TypeError("offline");
      },
      onEvent: () => false,
      isFinal: (error) => error === final,
      signal: new AbortController().signal,
      wait: async (ms) => void waits.push(ms),
    });
    await expect(following).rejects.toBe(final);
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
  });

  it("stops without a word when the page goes away", async () => {
    const abort = new AbortController();
    const following = followEvents({
      connect: async () => (abort.abort(), Promise.reject(new TypeError("aborted"))),
      onEvent: () => false,
      isFinal: () => true,
      signal: abort.signal,
    });
    await expect(following).resolves.toBeUndefined();
  });
});
