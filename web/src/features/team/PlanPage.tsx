// The plan and its standing, and what they mean for own models. Changing them is the operator's act.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { teamQuery } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { Badge } from "@/ui/Badge";
import { Page } from "@/ui/Page";
import { Note } from "@/ui/States";

const plans = ["free", "business_starter", "business_pro", "business_max", "enterprise"] as const;
const standings = ["active", "trialing", "suspended", "expired", "cancelled"] as const;

export function Component() {
  const { t } = useTranslation("team");
  const { team, canManage } = useSignedIn();
  const { data } = useQuery(teamQuery);
  const plan = plans.find((known) => known === team.plan);
  const standing = standings.find((known) => known === team.standing);
  const isOpen = !team.refusal;
  return (
    <Page title={t("plan.title")} intro={t("plan.intro")}>
      <dl className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
        <div className="grid gap-x-4 px-4 py-3 sm:grid-cols-[11rem_1fr]">
          <dt className="text-sm text-muted">{t("plan.plan")}</dt>
          <dd className="font-semibold">{plan ? t(`plan_name.${plan}`) : team.plan}</dd>
        </div>
        <div className="grid gap-x-4 px-4 py-3 sm:grid-cols-[11rem_1fr]">
          <dt className="text-sm text-muted">{t("plan.standing")}</dt>
          <dd><Badge tone={isOpen ? "ok" : "warn"}>{standing ? t(`standing.${standing}`) : team.standing}</Badge></dd>
        </div>
        <div className="grid gap-x-4 px-4 py-3 sm:grid-cols-[11rem_1fr]">
          <dt className="text-sm text-muted">{t("plan.people")}</dt>
          <dd className="tnum">{data ? t("plan.people_count", { count: data.members.length }) : "–"}</dd>
        </div>
      </dl>
      <section aria-labelledby="own-models" className="flex flex-col gap-3">
        <h2 id="own-models" className="text-lg">{t("plan.own_title")}</h2>
        {team.refusal ? (
          <Note tone="warn"><p className="font-semibold">{team.refusal.message}</p><p>{t("plan.own_closed")}</p></Note>
        ) : (
          <Note tone="ok">{t("plan.own_open")}</Note>
        )}
        <p className="max-w-2xl text-sm text-muted">{t("plan.own_budget")}</p>
        {canManage ? <p><Link to="/settings/models/custom" className="link text-sm">{t("plan.to_models")}</Link></p> : null}
      </section>
      <p className="max-w-2xl border-t border-line pt-4 text-sm text-muted">{t("plan.change")}</p>
    </Page>
  );
}
