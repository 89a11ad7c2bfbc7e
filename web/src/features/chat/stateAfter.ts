// After an answer, what is shown of its model may be out of date: it answered though it was said to be down, or the reverse.
import type { QueryClient } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { modelsQuery } from "@/api/queries";

export function lookAtState(client: QueryClient, receipt: Schemas["Receipt"]): void {
  const known = client.getQueryData(modelsQuery.queryKey)?.models.find((model) => model.ref === receipt.model_ref);
  if (!known || receipt.state === "stopped") return;
  if ((receipt.state === "done") !== (known.health === "healthy")) void client.invalidateQueries({ queryKey: modelsQuery.queryKey });
}
