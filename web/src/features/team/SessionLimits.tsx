// How long the team's sign-ins last: idle, and in all. Owners shorten them, admins see them.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, asProblem, type Schemas } from "@/api/client";
import { withProof } from "@/api/proof";
import { useSignedIn } from "@/api/session";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { PageSection } from "@/ui/PageSection";
import { Select } from "@/ui/Select";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";

type Limits = Schemas["SessionLimitsView"];
const path = "/api/team/session-limits";
const key = ["session-limits"] as const;
const hour = 60;
const day = 24 * hour;
const idleChoices = [15, 30, hour, 2 * hour, 4 * hour, 8 * hour];
const lifetimeChoices = [hour, 4 * hour, 8 * hour, 12 * hour, day, 3 * day];

/** "30 minutes", "8 hours", "7 days": the largest unit that comes out even. */
export function spanWords(minutes: number, locale: string): string {
  const [unit, size] = minutes % day === 0 ? (["day", day] as const) : minutes % hour === 0 ? (["hour", hour] as const) : (["minute", 1] as const);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(minutes / size);
}

export function SessionLimits() {
  const { t } = useTranslation("security");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery({ queryKey: key, queryFn: ({ signal }) => api.get<Limits>(path, signal) });
  return (
    <PageSection id="session-limits" title={t("limits.title")} about={t("limits.about")}>
      {!data && !error ? <Skeleton lines={3} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? <LimitsForm limits={data} /> : null}
    </PageSection>
  );
}

function LimitsForm({ limits }: { limits: Limits }) {
  const { t, i18n } = useTranslation("security");
  const { t: common } = useTranslation();
  const { team } = useSignedIn();
  const client = useQueryClient();
  const isOwner = team.role === "owner";
  const now = { idle: limits.idle_limit_min ?? limits.most_idle_min, lifetime: limits.lifetime_min ?? limits.most_lifetime_min };
  const [idle, setIdle] = useState(now.idle);
  const [lifetime, setLifetime] = useState(now.lifetime);
  const hasChanged = idle !== now.idle || lifetime !== now.lifetime;
  const change = useMutation({
    mutationFn: (body: Schemas["SessionLimitsChange"]) => withProof(() => api.put<Limits>(path, body)),
    onSuccess: (view) => {
      client.setQueryData(key, view);
      notify(t("limits.saved"));
    },
  });
  const optionsOf = (choices: number[], most: number, present: number) =>
    [...new Set([...choices.filter((minutes) => minutes < most), present, most])]
      .sort((one, other) => one - other)
      .map((minutes) => ({ value: String(minutes), label: minutes === most ? t("limits.longest", { span: spanWords(minutes, i18n.language) }) : spanWords(minutes, i18n.language) }));
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (hasChanged && !change.isPending) change.mutate({ idle_limit_min: idle, lifetime_min: lifetime });
  };
  return (
    <form noValidate onSubmit={save} className="flex max-w-md flex-col gap-4">
      {change.error ? <Note tone="danger">{asProblem(change.error).message}</Note> : null}
      <Field label={t("limits.idle")} hint={t("limits.idle_help")}>
        <Select value={String(idle)} disabled={!isOwner} onChange={(value) => setIdle(Number(value))} options={optionsOf(idleChoices, limits.most_idle_min, now.idle)} />
      </Field>
      <Field label={t("limits.lifetime")} hint={t("limits.lifetime_help")}>
        <Select value={String(lifetime)} disabled={!isOwner} onChange={(value) => setLifetime(Number(value))} options={optionsOf(lifetimeChoices, limits.most_lifetime_min, now.lifetime)} />
      </Field>
      {isOwner ? <div><Button type="submit" variant={hasChanged ? "primary" : "secondary"} busy={change.isPending} aria-disabled={!hasChanged}>{common("action.save")}</Button></div> : null}
    </form>
  );
}
