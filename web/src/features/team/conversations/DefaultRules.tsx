// The seal that new conversations begin with, and who makes titles: owners and admins decide.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, asProblem, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { ZoneTicks } from "@/sealing/ZoneTicks";
import type { SealZone } from "@/sealing/zones";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { PageSection } from "@/ui/PageSection";
import { Radios } from "@/ui/Radios";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";

type Rules = Schemas["ConversationRulesView"];
const path = "/api/team/conversation-rules";
const rulesKey = ["conversation-rules"] as const;

export function DefaultRules() {
  const { t } = useTranslation(["sealing", "common"]);
  const { data, error, refetch } = useQuery({ queryKey: rulesKey, queryFn: ({ signal }) => api.get<Rules>(path, signal) });
  if (data) return <RulesForm key={JSON.stringify(data)} rules={data} />;
  return (
    <PageSection id="default-seal" title={t("default.title")} about={t("default.about")}>
      {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Skeleton lines={4} label={t("common:loading")} />}
    </PageSection>
  );
}

function RulesForm({ rules }: { rules: Rules }) {
  const { t } = useTranslation("sealing");
  const client = useQueryClient();
  const [isSealed, setIsSealed] = useState(rules.sealed_to !== null);
  const [zones, setZones] = useState<readonly SealZone[]>(rules.sealed_to ?? ["own_hardware"]);
  const [titles, setTitles] = useState(rules.titles);
  const change = useMutation({
    mutationFn: (body: Schemas["ConversationRulesSet"]) => api.put<Rules>(path, body),
    onSuccess: (next) => {
      client.setQueryData(rulesKey, next);
      void client.invalidateQueries({ queryKey: keys.models });
      notify(t("default.saved"));
    },
  });
  const wanted = isSealed ? [...zones] : null;
  const hasChanged = JSON.stringify([wanted, titles]) !== JSON.stringify([rules.sealed_to, rules.titles]);
  const canSave = hasChanged && (wanted === null || wanted.length > 0);
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (canSave && !change.isPending) change.mutate({ sealed_to: wanted, titles });
  };
  return (
    <form noValidate onSubmit={save} className="flex flex-col gap-6">
      <PageSection id="default-seal" title={t("default.title")} about={t("default.about")}>
        <div className="flex max-w-md flex-col gap-4">
          <Radios legend={t("default.legend")} value={isSealed ? "some" : "none"} onChange={(value) => setIsSealed(value === "some")} options={[{ value: "none", label: t("default.none") }, { value: "some", label: t("default.some") }]} />
          {isSealed ? <ZoneTicks legend={t("default.some")} chosen={zones} busy={change.isPending} onChange={setZones} /> : null}
        </div>
      </PageSection>
      <PageSection id="titles" title={t("titles.title")} about={t("titles.about")}>
        <div className="max-w-md">
          {rules.titles_allowed ? (
            <Radios legend={t("titles.legend")} value={titles} onChange={setTitles} options={[{ value: "model", label: t("titles.model") }, { value: "words", label: t("titles.words") }]} />
          ) : (
            <Note>{t("titles.operator")}</Note>
          )}
        </div>
      </PageSection>
      {change.error ? <Note tone="danger">{asProblem(change.error).message}</Note> : null}
      <div><Button type="submit" variant="primary" busy={change.isPending} aria-disabled={!canSave || undefined}>{t("default.save")}</Button></div>
    </form>
  );
}
