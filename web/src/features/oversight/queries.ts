// Statistics and the audit trail.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import type { AuditFilter } from "./auditFilter";
import type { Range } from "./figures";

export const usageQuery = ({ from, to }: Range) =>
  queryOptions({
    queryKey: keys.usage(from, to),
    queryFn: ({ signal }) => api.get<Schemas["UsageView"]>(`/api/usage?${new URLSearchParams({ from, to })}`, signal),
    // A new range shows the old figures until it is there: the page doesn't jump.
    placeholderData: keepPreviousData,
  });

export const peopleQuery = ({ from, to }: Range) =>
  queryOptions({
    queryKey: ["usage", "people", from, to],
    queryFn: ({ signal }) => api.get<Schemas["PeopleUsageView"]>(`/api/usage/people?${new URLSearchParams({ from, to })}`, signal),
    placeholderData: keepPreviousData,
  });

export type TallyPart = Schemas["TallyPart"];

export const tallyQuery = ({ from, to }: Range) =>
  queryOptions({
    queryKey: keys.tally(from, to),
    queryFn: ({ signal }) => api.get<Schemas["TallyView"]>(`/api/comparisons/tally?${new URLSearchParams({ from, to })}`, signal),
    placeholderData: keepPreviousData,
  });

const PAGE = "50";

export type AuditEntry = Schemas["AuditEntryView"];

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: keys.audit(filter),
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: PAGE, ...filter, ...(pageParam ? { before: pageParam } : {}) });
      return api.get<Schemas["AuditView"]>(`/api/audit?${query}`, signal);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });

export const auditRulesQuery = queryOptions({
  queryKey: keys.auditRules,
  queryFn: ({ signal }) => api.get<Schemas["AuditRules"]>("/api/audit/rules", signal),
});

export const auditCheckQuery = queryOptions({
  queryKey: keys.auditCheck,
  queryFn: ({ signal }) => api.get<Schemas["AuditCheck"]>("/api/audit/check", signal),
  enabled: false,
  gcTime: 0,
});
