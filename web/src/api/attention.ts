// What somebody should see to. Asked for every five minutes wherever it is shown: whoever has to know at once gets a mail.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, type Schemas } from "./client";

export type Matter = Schemas["MatterView"];

export const attentionQuery = queryOptions({
  queryKey: ["attention"],
  queryFn: ({ signal }) => api.get<Schemas["AttentionView"]>("/api/attention", signal),
  staleTime: 30_000,
  refetchInterval: 300_000,
});

/** Empty while nothing is known: a mark that is late is better than one that flickers. */
export function useMatters(): readonly Matter[] {
  return useQuery(attentionQuery).data?.matters ?? [];
}

export function useUrgentCount(): number {
  return useMatters().filter((matter) => matter.is_urgent).length;
}
