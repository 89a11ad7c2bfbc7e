// Query keys and the queries that more than one feature reads. Features keep their own further queries.
import { queryOptions } from "@tanstack/react-query";
import { api, configureClient, ProblemError, type Schemas } from "./client";

export type SessionView = Schemas["SessionView"];
export type PickerModel = Schemas["PickerModel"];
export type OriginName = PickerModel["origin"];

export const keys = {
  session: ["session"] as const,
  team: ["team"] as const,
  models: ["models"] as const,
  connections: ["connections"] as const,
  connection: (id: string) => ["connections", id] as const,
  conversations: ["conversations"] as const,
  archived: ["conversations", "archived"] as const,
  conversation: (id: string) => ["conversation", id] as const,
  sharing: (id: string) => ["conversation", id, "sharing"] as const,
  shared: ["shared"] as const,
  sharedOne: (id: string) => ["shared", id] as const,
  search: (text: string, narrowed: Readonly<Record<string, string>>) => ["search", text, narrowed] as const,
  usage: (from: string, to: string) => ["usage", from, to] as const,
  tally: (from: string, to: string) => ["tally", from, to] as const,
  audit: (filter: Partial<Record<string, string>>) => ["audit", filter] as const,
  auditRules: ["audit-rules"] as const,
  keyUses: (id: string) => ["connections", id, "key-uses"] as const,
  auditCheck: ["audit-check"] as const,
  audience: (connectionId: string) => ["connections", connectionId, "audience"] as const,
  standardModels: ["standard-models"] as const,
  aliases: ["aliases"] as const,
  alias: (id: string) => ["aliases", id] as const,
  modelState: (ref: string) => ["models", "state", ref] as const,
};

/** Keeps the CSRF token that came with a session view; call it with every SessionView an act returns. */
export function rememberSession(view: SessionView): SessionView {
  configureClient({ csrfToken: view.csrf_token ?? null });
  return view;
}

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ signal }) => rememberSession(await api.get<SessionView>("/api/session", signal)),
  staleTime: 60_000,
});

export const teamQuery = queryOptions({
  queryKey: keys.team,
  queryFn: ({ signal }) => api.get<Schemas["TeamView"]>("/api/team", signal),
});

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: ({ signal }) => api.get<Schemas["PickerView"]>("/api/models", signal),
  staleTime: 15_000,
  refetchInterval: 60_000,
});

/** A refusal won't change by asking again; a lost connection might. */
export function shouldRetry(failures: number, error: Error): boolean {
  if (error instanceof ProblemError && error.status >= 400 && error.status < 500) return false;
  return failures < 2;
}
