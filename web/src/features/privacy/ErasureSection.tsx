// Erasure of a person's data in the team, or of the whole team: the dry run first, then a proof, then no way back.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { PageSection } from "@/ui/PageSection";
import { Select } from "@/ui/Select";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { ErasureDialog } from "./ErasureDialog";
import { peopleQuery } from "./queries";

export function ErasureSection({ team, erasing }: { team: string; erasing: number }) {
  const { t } = useTranslation("privacy");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(peopleQuery(erasing));
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [about, setAbout] = useState<{ userId: string | null; name: string } | null>(null);
  const people = (data?.people ?? []).filter((one) => !one.is_me);
  const chosen = people.find((one) => one.user_id === chosenId) ?? people[0];
  return (
    <PageSection id="erasure" title={t("erasure.title")} about={t("erasure.about")}>
      {erasing > 0 ? <Note>{t("erasure.under_way", { count: erasing })}</Note> : null}
      {!data && !error ? <Skeleton lines={2} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && !chosen ? <p className="text-sm text-muted">{t("erasure.nobody")}</p> : null}
      {chosen ? (
        <div className="flex max-w-xl flex-wrap items-end gap-4">
          <Field label={t("erasure.who")} className="min-w-0 flex-1 basis-48">
            <Select value={chosen.user_id} onChange={setChosenId} options={people.map((one) => ({ value: one.user_id, label: one.name, hint: `${one.email} · ${one.role ? common(`role.${one.role}`) : t("erasure.left")}` }))} />
          </Field>
          <Button variant="danger" onClick={() => setAbout({ userId: chosen.user_id, name: chosen.name })}>{t("erasure.person")}</Button>
        </div>
      ) : null}
      <div className="flex flex-col items-start gap-2">
        <p className="max-w-2xl text-sm text-muted">{t("erasure.team_about")}</p>
        <Button variant="danger" onClick={() => setAbout({ userId: null, name: team })}>{t("erasure.team")}</Button>
      </div>
      {about ? <ErasureDialog userId={about.userId} name={about.name} onClose={() => { setAbout(null); setChosenId(null); }} /> : null}
    </PageSection>
  );
}
