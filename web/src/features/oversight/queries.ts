// Statistics and the audit trail.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import type { Range } from "./figures";

export const usageQuery = ({ from, to }: Range) =>
  queryOptions({
    queryKey: keys.usage(from, to),
    queryFn: ({ signal }) => api.get<Schemas["UsageView"]>(`/api/usage?${new URLSearchParams({ from, to })}`, signal),
    // A new range shows the old figures until it is there: the page doesn't jump.
    placeholderData: keepPreviousData,
  });

const PAGE = "50";

export const auditQuery = (action: string) =>
  infiniteQueryOptions({
    queryKey: keys.audit(action),
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: PAGE, ...(action ? { action } : {}), ...(pageParam ? { before: pageParam } : {}) });
      return api.get<Schemas["AuditView"]>(`/api/audit?${query}`, signal);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });

export const auditCheckQuery = queryOptions({
  queryKey: keys.auditCheck,
  queryFn: ({ signal }) => api.get<Schemas["AuditCheck"]>("/api/audit/check", signal),
  enabled: false,
  gcTime: 0,
});
