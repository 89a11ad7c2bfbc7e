// What stands beside an answer's words while it grows: calls of tools and sources, put together from their pieces.
import type { Schemas } from "@/api/client";

export type Beside = Schemas["BesideView"];
export type ToolCall = Schemas["ToolCallView"];
export type Source = Schemas["SourceView"];

/** The whole with these pieces added; what was there is not changed. */
export function addPieces(before: Beside | null, pieces: Schemas["BesidePiecesView"]): Beside {
  const calls = [...(before?.calls ?? [])];
  for (const { at, name, arguments: text, ran } of pieces.calls) {
    const known = calls[at];
    calls[at] = known ? { name: known.name || name, arguments: known.arguments + text, ran: known.ran || ran } : { name, arguments: text, ran };
  }
  return { calls, sources: [...(before?.sources ?? []), ...pieces.sources] };
}
