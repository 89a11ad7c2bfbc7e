// One team in figures: how it stands, what it used, who changed its plan and why; and the way to change it.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormats } from "@/i18n/format";
import { Badge } from "@/ui/Badge";
import { BudgetBrief } from "@/ui/Budget";
import { Button } from "@/ui/Button";
import { CopyLine } from "@/ui/CopyLine";
import { figure } from "@/ui/counted";
import { CountedTable } from "@/ui/CountedTable";
import { Page } from "@/ui/Page";
import { PageSection } from "@/ui/PageSection";
import { usePlanWords } from "@/ui/planWords";
import { SourceMark } from "@/ui/SourceMark";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { Table, Td, Th } from "@/ui/Table";
import { PlanDialog } from "./PlanDialog";
import { type TeamDetails, teamQuery } from "./queries";

export function Component({ id }: { id: string }) {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(teamQuery(id));
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Page
      title={data?.team.name ?? t("team")}
      back={<Link className="link" to="/operator/teams">{t("page.teams")}</Link>}
      actions={data ? <Button variant="primary" onClick={() => setIsOpen(true)}>{t("change.action")}</Button> : null}
    >
      {!data && !error ? <Skeleton lines={8} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? <Figures details={data} /> : null}
      {data ? <Changes details={data} /> : null}
      {data && isOpen ? <PlanDialog team={data.team} onClose={() => setIsOpen(false)} /> : null}
    </Page>
  );
}

function Figures({ details }: { details: TeamDetails }) {
  const { t } = useTranslation("operator");
  const formats = useFormats();
  const words = usePlanWords();
  const { team } = details;
  const own = (value: number) => figure(value, team.own.tokens, formats.number);
  const facts: [string, ReactNode][] = [
    [t("plan"), <span key="plan" className="font-semibold">{words.plan(team.plan)}</span>],
    [t("standing"), <Badge key="standing" tone={team.refusal ? "warn" : "ok"}>{words.standing(team.standing)}</Badge>],
    [t("people"), formats.number(team.people)],
    [t("made"), formats.date(team.created_at)],
    [t("id"), <CopyLine key="id" text={team.id} label={t("id_copy")} done={t("id_copied")} />],
  ];
  return (
    <>
      {team.refusal ? <Note tone="warn">{t("refused")}</Note> : null}
      <dl className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
        {facts.map(([name, value]) => (
          <div key={name} className="grid gap-x-4 px-4 py-3 sm:grid-cols-[11rem_minmax(0,1fr)]"><dt className="text-sm text-muted">{name}</dt><dd className="min-w-0">{value}</dd></div>
        ))}
      </dl>
      <PageSection id="standard" title={t("standard.title")} about={t("standard.about", { day: formats.day(team.budget.resets_on) })}>
        <div className="max-w-sm text-sm"><BudgetBrief budget={team.budget} /></div>
        {details.models.length === 0 ? <p className="text-sm text-muted">{t("standard.none")}</p> : <Models details={details} />}
        {details.months.length > 1 ? <Months details={details} /> : null}
      </PageSection>
      <PageSection id="own" title={t("own.title")} about={t("own.about")}>
        <p className="text-sm tnum">{t("own.used", { count: team.own.calls, calls: formats.number(team.own.calls), in: own(team.own.tokens.tokens_in), out: own(team.own.tokens.tokens_out) })}</p>
        {team.own.calls > 0 ? <div className="text-sm text-muted"><SourceMark tokens={team.own.tokens} /></div> : null}
      </PageSection>
    </>
  );
}

function Models({ details }: { details: TeamDetails }) {
  const { t } = useTranslation("operator");
  return (
    <CountedTable
      label={t("standard.title")}
      subject={t("model")}
      rows={details.models}
      keyOf={(one) => `${one.provider} ${one.model_id}`}
      nameOf={(one) => <>{one.model_id}<span className="block text-xs text-muted">{one.provider}</span></>}
    />
  );
}

function Months({ details }: { details: TeamDetails }) {
  const { t } = useTranslation("operator");
  const formats = useFormats();
  return (
    <Table label={t("months")} head={<><Th>{t("month_from")}</Th><Th className="w-2/3">{t("budget")}</Th></>}>
      {details.months.map((month) => <tr key={month.month}><Td className="whitespace-nowrap">{formats.day(month.month)}</Td><Td><BudgetBrief budget={month} /></Td></tr>)}
    </Table>
  );
}

function Changes({ details }: { details: TeamDetails }) {
  const { t } = useTranslation("operator");
  const formats = useFormats();
  const words = usePlanWords();
  const told = (plan: string, standing: string) => t("stands", { plan: words.plan(plan), standing: words.standing(standing) });
  return (
    <PageSection id="changes" title={t("changes.title")} about={t("changes.about")}>
      {details.changes.length === 0 ? <p className="text-sm text-muted">{t("changes.none")}</p> : null}
      <ol className="flex flex-col gap-4">
        {details.changes.map((one) => (
          <li key={one.at} className="flex flex-col gap-0.5 border-l-2 border-line pl-4 text-sm">
            <span className="font-semibold">{told(one.plan_before, one.standing_before)} → {told(one.plan, one.standing)}</span>
            <span className="wrap-anywhere">{one.reason ?? t("changes.no_reason")}</span>
            <span className="text-xs text-muted">{t("changes.by", { name: one.actor, at: formats.dateTime(one.at) })}</span>
          </li>
        ))}
      </ol>
    </PageSection>
  );
}
