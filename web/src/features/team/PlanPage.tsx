// The plan, what it includes, its standing, and what that means for own models. Changing them is the operator's act.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schemas } from "@/api/client";
import { teamQuery } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { useFormats } from "@/i18n/format";
import { Badge } from "@/ui/Badge";
import { Page } from "@/ui/Page";
import { usePlanWords } from "@/ui/planWords";
import { ErrorState, Note } from "@/ui/States";

export function Component() {
  const { t } = useTranslation("team");
  const { team, canManage } = useSignedIn();
  const { data, error, refetch } = useQuery(teamQuery);
  const words = usePlanWords();
  const formats = useFormats();
  const isOpen = !team.refusal;
  return (
    <Page title={t("plan.title")} intro={t("plan.intro")}>
      <dl className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
        <Line name={t("plan.plan")}><span className="font-semibold">{words.plan(team.plan)}</span></Line>
        <Line name={t("plan.standing")}><Badge tone={isOpen ? "ok" : "warn"}>{words.standing(team.standing)}</Badge></Line>
        <Line name={t("plan.people")}>{data ? t("plan.people_of", { here: formats.number(data.members.length), most: formats.number(data.includes.members) }) : "–"}</Line>
        {data ? <Included terms={data.includes} /> : null}
      </dl>
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
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

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 px-4 py-3 sm:grid-cols-[11rem_1fr]">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="tnum wrap-anywhere">{children}</dd>
    </div>
  );
}

function Included({ terms }: { terms: Schemas["PlanTerms"] }) {
  const { t } = useTranslation("team");
  const formats = useFormats();
  const isWithout = terms.tokens_per_month === 0 || terms.standard_models.length === 0;
  const named = terms.standard_models.map((pattern) => {
    if (pattern === "*") return t("plan.models_all");
    return pattern.endsWith("/*") ? t("plan.models_of", { provider: pattern.slice(0, -2) }) : pattern;
  });
  return (
    <>
      <Line name={t("plan.included")}>{isWithout ? t("plan.models_none") : named.join(", ")}</Line>
      {isWithout ? null : (
        <>
          <Line name={t("plan.tokens")}>{t("plan.tokens_told", { tokens: formats.number(terms.tokens_per_month) })}</Line>
          <Line name={t("plan.answer")}>{t("plan.answer_told", { tokens: formats.number(terms.answer_tokens) })}</Line>
          <Line name={t("plan.rates")}>{t("plan.rates_told", { person: formats.number(terms.person_per_minute), team: formats.number(terms.team_per_minute) })}</Line>
        </>
      )}
    </>
  );
}
