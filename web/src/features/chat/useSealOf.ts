// The seal of a conversation, or what one that is not stored yet will begin with.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { modelsQuery } from "@/api/queries";
import type { SealZone } from "@/sealing/zones";
import type { OpenSeal, Seal } from "./seal";
import type { Conversation } from "./tree";

export interface SealOf extends Seal {
  open: OpenSeal;
  /** What was chosen for a new conversation; null: what the team has decided. */
  fresh: readonly SealZone[] | null;
}

export function useSealOf(conversation: Conversation | null, enabled = true): SealOf {
  const { data } = useQuery({ ...modelsQuery, enabled });
  const [fresh, setFresh] = useState<readonly SealZone[] | null>(null);
  const widest = conversation ? null : (data?.new_sealed_to ?? null);
  const zones = conversation ? conversation.sealed_to : (fresh ?? widest);
  const since = conversation?.sealed_at ?? null;
  const conversationId = conversation?.id ?? null;
  return useMemo(() => ({ zones, since, fresh, open: { zones, since, widest, conversationId, setFresh } }), [zones, since, fresh, widest, conversationId]);
}
