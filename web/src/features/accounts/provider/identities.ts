// The way back from an identity provider, and one's links to providers.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { withProof } from "@/api/proof";

export type IdentityList = Schemas["IdentityList"];
export type ProviderReturned = Schemas["ProviderReturned"];

const identitiesKey = ["identities"] as const;

export const identitiesQuery = queryOptions({
  queryKey: identitiesKey,
  queryFn: ({ signal }) => api.get<IdentityList>("/api/identities", signal),
});

export const offerQuery = (teamId: string) =>
  queryOptions({
    queryKey: ["provider-offer", teamId] as const,
    queryFn: ({ signal }) => api.get<Schemas["ProviderOffer"]>(`/api/sign-in/team/${encodeURIComponent(teamId)}`, signal),
  });

export function useUnlink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => withProof(() => api.delete<IdentityList>(`/api/identities/${encodeURIComponent(id)}`)),
    onSuccess: (list) => client.setQueryData(identitiesKey, list),
  });
}

export const bringBack = (body: Schemas["ProviderReturn"]): Promise<ProviderReturned> => api.post("/api/sign-in/provider/return", body);
