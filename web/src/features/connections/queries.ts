// What this feature reads and changes. Keys and addresses go in with an act and are kept in no cache.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { toModelChoices, type Choice } from "./choices";
import type { ConnectionChange, ConnectionList, ConnectionMake, ConnectionView, DiscoveryView } from "./types";

export const connectionsQuery = queryOptions({
  queryKey: keys.connections,
  queryFn: ({ signal }) => api.get<ConnectionList>("/api/connections", signal),
});

export const connectionQuery = (id: string) =>
  queryOptions({
    queryKey: keys.connection(id),
    queryFn: ({ signal }) => api.get<ConnectionView>(`/api/connections/${encodeURIComponent(id)}`, signal),
  });

export const keyUsesQuery = (id: string) =>
  queryOptions({
    queryKey: keys.keyUses(id),
    queryFn: ({ signal }) => api.get<Schemas["KeyUsesView"]>(`/api/connections/${encodeURIComponent(id)}/key-uses`, signal),
  });

const at = (id: string, act = "") => `/api/connections/${encodeURIComponent(id)}${act}`;

/** Makes lists, pages and the picker ask again. */
export function useRefresh(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: keys.connections }),
      client.invalidateQueries({ queryKey: keys.models }),
      client.invalidateQueries({ queryKey: ["attention"] }),
    ]);
  };
}

/** Shows an answered connection at once, then refreshes everything that counts on it. */
function useKeep(): (connection: ConnectionView) => Promise<void> {
  const client = useQueryClient();
  const refresh = useRefresh();
  return async (connection) => {
    client.setQueryData(keys.connection(connection.id), connection);
    await refresh();
  };
}

export function useMakeConnection() {
  const keep = useKeep();
  return useMutation({
    mutationFn: (body: ConnectionMake) => api.post<ConnectionView>("/api/connections", body),
    onSuccess: keep,
    // The variables carry the key; nothing may keep them once the act is over.
    gcTime: 0,
  });
}

export function useChangeConnection(id: string) {
  const keep = useKeep();
  return useMutation({
    mutationFn: (change: Partial<ConnectionChange>) => api.patch<ConnectionView>(at(id), change),
    onSuccess: keep,
  });
}

export function useChangeModels(id: string) {
  const keep = useKeep();
  return useMutation({
    mutationFn: (choices: Choice[]) => api.put<ConnectionView>(at(id, "/models"), { models: toModelChoices(choices) }),
    onSuccess: keep,
  });
}

export function useChangeProfile(id: string, modelId: string) {
  const keep = useKeep();
  return useMutation({
    mutationFn: (change: Schemas["ModelProfileChange"]) => api.patch<ConnectionView>(at(id, `/models/${encodeURIComponent(modelId)}`), change),
    onSuccess: keep,
  });
}

export function useDiscovery(id: string) {
  const keep = useKeep();
  return useMutation({
    mutationFn: () => api.post<DiscoveryView>(at(id, "/discovery")),
    onSuccess: (view) => keep(view.connection),
  });
}

export function useDeleteConnection(id: string) {
  const client = useQueryClient();
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => api.delete(at(id)),
    onSuccess: async () => {
      client.setQueryData<ConnectionList>(keys.connections, (list) =>
        list ? { ...list, connections: list.connections.filter((other) => other.id !== id) } : list,
      );
      await refresh();
    },
  });
}

export const testPath = (id: string) => at(id, "/tests");
export const endpointPath = (id: string) => at(id, "/endpoint");
export const NEW_TEST_PATH = "/api/connection-tests";
