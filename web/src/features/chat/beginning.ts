// How a conversation begins: stored with the seal that the field shows, before any of its words are sent.
import type { QueryClient } from "@tanstack/react-query";
import { ProblemError } from "@/api/client";
import { keys } from "@/api/queries";
import type { SealZone } from "@/sealing/zones";
import { conversationChanged, createConversation, deleteConversation, sealConversation } from "./data";
import type { Conversation } from "./tree";

type Zones = readonly SealZone[] | null;

export interface Wanted {
  /** What was chosen; null: what the team has decided. */
  fresh: Zones;
  /** What the field says: what was chosen, or else what the team has decided. */
  shown: Zones;
}

/** What makes a stored seal the one that the field shows. A seal can be tightened; to open it takes a new conversation. */
export function resealing(stored: Zones, shown: Zones): "keep" | "tighten" | "anew" {
  if (shown === null) return stored === null ? "keep" : "anew";
  if (stored === null) return "tighten";
  if (!shown.every((zone) => stored.includes(zone))) return "anew";
  return shown.length === stored.length ? "keep" : "tighten";
}

/** `kept` holds what an earlier try made, and what this one makes. Throws, and then nothing may be sent. */
export async function begin(client: QueryClient, kept: { current: Conversation | null }, { fresh, shown }: Wanted): Promise<string> {
  if (kept.current && resealing(kept.current.sealed_to, shown) === "anew") {
    await discard(client, kept.current.id);
    kept.current = null;
  }
  kept.current ??= await createConversation(fresh && [...fresh]);
  // Also of one that was made just now: the team may have decided otherwise since the field was drawn.
  if (shown && resealing(kept.current.sealed_to, shown) === "tighten") kept.current = await sealConversation(kept.current.id, shown);
  client.setQueryData(keys.conversation(kept.current.id), kept.current);
  return kept.current.id;
}

async function discard(client: QueryClient, id: string): Promise<void> {
  try {
    await deleteConversation(id);
  } catch (error) {
    if (!(error instanceof ProblemError && error.status === 404)) throw error;
  }
  client.removeQueries({ queryKey: keys.conversation(id) });
  conversationChanged(client, id);
}
