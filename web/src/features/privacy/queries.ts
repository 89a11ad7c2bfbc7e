// What the privacy page reads and changes.
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, asProblem, type Schemas } from "@/api/client";
import { download } from "@/api/files";
import { withProof } from "@/api/proof";

export type PrivacyView = Schemas["PrivacyView"];
export type ExportView = Schemas["ExportView"];
export type Recipient = Schemas["RecipientView"];
export type RecipientList = Schemas["RecipientList"];
export type Plan = Schemas["ErasurePlan"];
export type Fate = Schemas["FateView"];
export type Undertaking = Schemas["UndertakingSet"];

const base = "/api/team/privacy";
const key = ["privacy"] as const;
export const recipientsKey = ["privacy", "recipients"] as const;
const LOOK_AGAIN_MS = 1500;

export const isUnderWay = (one: ExportView): boolean => one.state === "waiting" || one.state === "running";

export const privacyQuery = queryOptions({
  queryKey: key,
  queryFn: ({ signal }) => api.get<PrivacyView>(base, signal),
  // Only while something is being made.
  refetchInterval: ({ state: { data } }) => (data && (data.erasing > 0 || data.exports.some(isUnderWay)) ? LOOK_AGAIN_MS : false),
});

export const recipientsQuery = queryOptions({
  queryKey: recipientsKey,
  queryFn: ({ signal }) => api.get<RecipientList>(`${base}/recipients`, signal),
});

/** `erasing`: how many erasures are under way; when one ends, other people are here and another receipt. */
export const peopleQuery = (erasing: number) =>
  queryOptions({
    queryKey: ["privacy", "people", erasing],
    queryFn: ({ signal }) => api.get<Schemas["PeopleHere"]>(`${base}/people`, signal),
    placeholderData: keepPreviousData,
  });

export const receiptsQuery = (erasing: number) =>
  queryOptions({
    queryKey: ["privacy", "receipts", erasing],
    queryFn: ({ signal }) => api.get<Schemas["ReceiptList"]>(`${base}/receipts`, signal),
    placeholderData: keepPreviousData,
  });

/** The dry run for a person, or (null) for the whole team. Never kept: it is asked again each time. */
export const planQuery = (userId: string | null) =>
  queryOptions({
    queryKey: ["privacy", "plan", userId],
    queryFn: ({ signal }) => api.get<Plan>(userId === null ? `${base}/erasure` : `${base}/people/${encodeURIComponent(userId)}/erasure`, signal),
    gcTime: 0,
    staleTime: 0,
  });

/** An act after which the page is read anew. `onDone` comes first: reading anew may put another form in this one's place. */
function useAct<Wish, Answer>(act: (wish: Wish) => Promise<Answer>, onDone?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: async () => {
      onDone?.();
      // First whether something is still under way: people and receipts read before that could be those of before.
      await client.invalidateQueries({ queryKey: key, exact: true });
      return client.invalidateQueries({ queryKey: key, predicate: ({ queryKey }) => queryKey.length > 1 });
    },
    // Refused because somebody else was quicker: what is shown is out of date.
    onError: (error) => void (asProblem(error).code === "recipient_changed" && client.invalidateQueries({ queryKey: key })),
  });
}

export const useExport = (of: "mine" | "team") =>
  useAct(() => withProof(() => api.post<ExportView>(of === "team" ? `${base}/team-exports` : `${base}/exports`)));
export const useExportDeletion = () => useAct((id: string) => api.delete(`${base}/exports/${encodeURIComponent(id)}`));
/** Not a link: fetching stands in the trail, and another site's link must not write there. */
export const useExportFetch = () =>
  useMutation({ mutationFn: (one: ExportView) => download("POST", `${base}/exports/${encodeURIComponent(one.id)}/file`, "moorage-data.zip") });

export const useRetention = (onDone: () => void) =>
  useAct((rule: Schemas["RetentionSet"]) => withProof(() => api.put<Schemas["RetentionView"]>(`${base}/retention`, rule)), onDone);
export const foresee = (rule: Schemas["RetentionSet"]) => api.post<Schemas["RetentionDue"]>(`${base}/retention/preview`, rule);

export const useClearing = () => useAct((wish: Schemas["ClearingSet"]) => withProof(() => api.put<RecipientList>(`${base}/clearing`, wish)));

export const useUndertaking = () =>
  useAct(({ of, signed }: { of: Recipient; signed: Undertaking | null }) => {
    if (of.connection_id === null) return api.put<RecipientList>(`${base}/standard-undertakings`, { provider: of.provider, undertaking: signed });
    const path = `${base}/undertakings/${encodeURIComponent(of.connection_id)}`;
    return signed === null ? api.delete<RecipientList>(path) : api.put<RecipientList>(path, { ...signed, zone_since: of.zone_since });
  });

export const useOwnHardware = () => useAct((of: Recipient) => api.post<RecipientList>(`${base}/own-hardware/${encodeURIComponent(of.connection_id ?? "")}`, { zone_since: of.zone_since }));

export const useErasure = () =>
  useAct(({ userId, name }: { userId: string | null; name: string }) =>
    withProof(() => api.post<Schemas["ErasureBegun"]>(userId === null ? `${base}/erasure` : `${base}/people/${encodeURIComponent(userId)}/erasure`, userId === null ? { typed_name: name } : undefined)),
  );
