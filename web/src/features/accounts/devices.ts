// Where one is signed in, as the server lists it. Every act answers with the whole list.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { withProof } from "@/api/proof";

export type Device = Schemas["DeviceView"];
export const devicesKey = ["devices"] as const;
const path = "/api/profile/sign-ins";

export const devicesQuery = queryOptions({
  queryKey: devicesKey,
  queryFn: ({ signal }) => api.get<Schemas["DeviceList"]>(path, signal),
});

/** Ends one sign-in, or all others without an id. */
export function useEndDevice() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string | null) => withProof(() => api.delete<Schemas["DeviceList"]>(id === null ? path : `${path}/${encodeURIComponent(id)}`)),
    onSuccess: (list) => client.setQueryData(devicesKey, list),
    // It may have ended meanwhile: the list of now says more than an error.
    onError: () => client.invalidateQueries({ queryKey: devicesKey }),
  });
}
