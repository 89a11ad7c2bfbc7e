// What the operator's desk reads and changes: figures of teams, never what they write or reach.
import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { withProof } from "@/api/proof";

export type Team = Schemas["OperatorTeam"];
export type TeamDetails = Schemas["OperatorTeamDetails"];
export type Provider = Schemas["OperatorProvider"];
export type Announcement = Schemas["OperatorAnnouncement"];
export type Draft = Schemas["AnnouncementDraft"];
type Announcements = Schemas["OperatorAnnouncements"];
type Providers = Schemas["OperatorProviders"];

const base = "/api/operator";
const key = ["operator"] as const;
const announcementsKey = [...key, "announcements"] as const;
const providersKey = [...key, "providers"] as const;
const teamKey = (id: string) => [...key, "team", id] as const;

export interface TeamFilter {
  text: string;
  plan: string;
  standing: string;
}

export const teamsQuery = (filter: TeamFilter) =>
  infiniteQueryOptions({
    queryKey: [...key, "teams", filter] as const,
    queryFn: ({ pageParam, signal }) => {
      const asked = Object.entries({ ...filter, before: pageParam }).filter(([, value]) => value !== "");
      return api.get<Schemas["OperatorTeams"]>(`${base}/teams?${new URLSearchParams(asked)}`, signal);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });

export const teamQuery = (id: string) =>
  queryOptions({ queryKey: teamKey(id), queryFn: ({ signal }) => api.get<TeamDetails>(`${base}/teams/${encodeURIComponent(id)}`, signal) });

export const providersQuery = queryOptions({ queryKey: providersKey, queryFn: ({ signal }) => api.get<Providers>(`${base}/providers`, signal) });

export const plansQuery = queryOptions({ queryKey: [...key, "plans"], queryFn: ({ signal }) => api.get<Schemas["PlanCatalogue"]>(`${base}/plans`, signal) });

export const announcementsQuery = queryOptions({ queryKey: announcementsKey, queryFn: ({ signal }) => api.get<Announcements>(`${base}/announcements`, signal) });

const LOOK_AGAIN_MS = 30_000;
export const healthQuery = queryOptions({
  queryKey: [...key, "health"],
  queryFn: ({ signal }) => api.get<Schemas["HealthView"]>(`${base}/health`, signal),
  refetchInterval: LOOK_AGAIN_MS,
});

export function usePlanChange(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish: Schemas["PlanChange"]) => withProof(() => api.patch<TeamDetails>(`${base}/teams/${encodeURIComponent(id)}`, wish)),
    onSuccess: async (details) => {
      await client.invalidateQueries({ queryKey: key });
      client.setQueryData(teamKey(id), details);
    },
  });
}

export function useKeyTest() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (provider: string) => api.post<Providers>(`${base}/provider-tests`, { provider }),
    onSuccess: (found) => client.setQueryData(providersKey, found),
  });
}

/** `id` null: a new one; `draft` null: it goes. */
export interface AnnouncementAct {
  id: string | null;
  draft: Draft | null;
}

export function useAnnouncing() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, draft }: AnnouncementAct) =>
      withProof(() => {
        if (id === null) return api.post<Announcements>(`${base}/announcements`, draft);
        const path = `${base}/announcements/${encodeURIComponent(id)}`;
        return draft === null ? api.delete<Announcements>(path) : api.put<Announcements>(path, draft);
      }),
    onSuccess: (all) => {
      client.setQueryData(announcementsKey, all);
      // What everybody is shown, this browser included.
      void client.invalidateQueries({ queryKey: ["announcements"] });
    },
  });
}
