// What these pages read and change. Every change makes the picker ask again.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { toBody, type AudienceForm } from "./audience";

export type ConnectionAudience = Schemas["ConnectionAudienceView"];
export type StandardModels = Schemas["StandardModelsView"];
export type StandardProvider = Schemas["StandardProviderView"];
export type AliasView = Schemas["AliasView"];
export type AliasHistory = Schemas["AliasHistoryView"];

const connectionAt = (id: string, rest: string) => `/api/connections/${encodeURIComponent(id)}${rest}`;
const aliasAt = (id: string, rest = "") => `/api/aliases/${encodeURIComponent(id)}${rest}`;

export const audienceQuery = (connectionId: string) =>
  queryOptions({
    queryKey: keys.audience(connectionId),
    queryFn: ({ signal }) => api.get<ConnectionAudience>(connectionAt(connectionId, "/audience"), signal),
  });

export const standardQuery = queryOptions({
  queryKey: keys.standardModels,
  queryFn: ({ signal }) => api.get<StandardModels>("/api/standard-models", signal),
});

export const aliasesQuery = queryOptions({
  queryKey: keys.aliases,
  queryFn: ({ signal }) => api.get<Schemas["AliasList"]>("/api/aliases", signal),
});

export const aliasQuery = (id: string) =>
  queryOptions({
    queryKey: keys.alias(id),
    queryFn: ({ signal }) => api.get<AliasHistory>(aliasAt(id), signal),
  });

/** `modelId` null: the rule for all models of the connection. */
export function useRuleConnection(connectionId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ modelId, form }: { modelId: string | null; form: AudienceForm }) =>
      api.put<ConnectionAudience>(connectionAt(connectionId, modelId === null ? "/audience" : `/models/${encodeURIComponent(modelId)}/audience`), toBody(form)),
    onSuccess: async (view) => {
      client.setQueryData(keys.audience(connectionId), view);
      await client.invalidateQueries({ queryKey: keys.models });
    },
  });
}

/** `modelId` null: the rule for all models of the provider. */
export function useRuleStandard() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ provider, modelId, form }: { provider: string; modelId: string | null; form: AudienceForm }) =>
      api.put<StandardModels>("/api/standard-models/audience", { provider, model_id: modelId, ...toBody(form) }),
    onSuccess: async (view) => {
      client.setQueryData(keys.standardModels, view);
      await client.invalidateQueries({ queryKey: keys.models });
    },
  });
}

export type AliasAct =
  | { kind: "make"; name: string; targetRef: string; reason: string }
  | { kind: "point"; id: string; targetRef: string; reason: string; confirmed: boolean }
  | { kind: "rename"; id: string; name: string };

function send(act: AliasAct): Promise<AliasHistory> {
  switch (act.kind) {
    case "make":
      return api.post("/api/aliases", { name: act.name, target_ref: act.targetRef, reason: act.reason });
    case "point":
      return api.put(aliasAt(act.id, "/target"), { target_ref: act.targetRef, reason: act.reason, confirmed: act.confirmed });
    case "rename":
      return api.patch(aliasAt(act.id), { name: act.name });
  }
}

export function useAliasAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: async (view) => {
      await Promise.all([client.invalidateQueries({ queryKey: keys.aliases }), client.invalidateQueries({ queryKey: keys.models })]);
      client.setQueryData(keys.alias(view.alias.id), view);
    },
  });
}

export function useDeleteAlias() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(aliasAt(id)),
    onSuccess: async (_, id) => {
      client.removeQueries({ queryKey: keys.alias(id) });
      await Promise.all([client.invalidateQueries({ queryKey: keys.aliases, exact: true }), client.invalidateQueries({ queryKey: keys.models })]);
    },
  });
}
