import { describe, expect, it } from "vitest";
import { addPieces } from "./beside";

describe("what stands beside an answer", () => {
  it("is put together from pieces, each call at its place", () => {
    const first = addPieces(null, { calls: [{ at: 0, name: "search", arguments: "{\"q\":", ran: false }], sources: [] });
    const second = addPieces(first, {
      calls: [{ at: 1, name: "open", arguments: "{}", ran: true }, { at: 0, name: "", arguments: "\"tide\"}", ran: false }],
      sources: [{ url: "https://harbour.example/", title: "Tides" }],
    });
    expect(second).toEqual({
      calls: [{ name: "search", arguments: "{\"q\":\"tide\"}", ran: false }, { name: "open", arguments: "{}", ran: true }],
      sources: [{ url: "https://harbour.example/", title: "Tides" }],
    });
    expect(first.calls).toEqual([{ name: "search", arguments: "{\"q\":", ran: false }]);
  });
});
