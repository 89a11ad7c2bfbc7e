// After an answer, what is shown of its model may be out of date: it answered though it was said to be down, or the reverse.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Schemas } from "@/api/client";
import { modelsQuery } from "@/api/queries";

export function lookAtState(client: QueryClient, receipt: Schemas["Receipt"]): void {
  const known = client.getQueryData(modelsQuery.queryKey)?.models.find((model) => model.ref === receipt.model_ref);
  if (!known || receipt.state === "stopped") return;
  if ((receipt.state === "done") !== (known.health === "healthy")) void client.invalidateQueries({ queryKey: modelsQuery.queryKey });
}

/** The same for an answer that was over before anybody could read along: it was loaded as it ended. */
export function useStateAfter(reply: Schemas["Receipt"] | null, isOurs: boolean): void {
  const client = useQueryClient();
  const over = isOurs && reply && reply.state !== "running" ? reply : null;
  const seen = useRef("");
  useEffect(() => {
    // The receipt comes anew with every load; once for each answer is enough.
    if (!over || seen.current === over.reply_id) return;
    seen.current = over.reply_id;
    lookAtState(client, over);
  }, [client, over]);
}
