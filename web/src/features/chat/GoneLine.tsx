// Under the field, when the model of a conversation is in no list any more: why, as the server says it.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";

const stateQuery = (ref: string) =>
  queryOptions({
    queryKey: keys.modelState(ref),
    queryFn: ({ signal }) => api.get<Schemas["ModelState"]>(`/api/models/state?ref=${encodeURIComponent(ref)}`, signal),
    staleTime: 15_000,
  });

export function GoneLine({ modelRef, name, hasOpen, className }: { modelRef: string; name: string | null; hasOpen: boolean; className: string }) {
  const { t } = useTranslation("chat");
  const { data } = useQuery(stateQuery(modelRef));
  const otherwise = name ? t("destination.gone", { name }) : t(hasOpen ? "destination.choose" : "destination.none");
  return <p id="destination" className={`${className} text-warn`}>{data?.problem?.message ?? otherwise}</p>;
}
