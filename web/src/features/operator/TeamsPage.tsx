// All teams: plan, standing, people, what they used this month. The filter stands in the address.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useFormats } from "@/i18n/format";
import { Badge } from "@/ui/Badge";
import { BudgetBrief } from "@/ui/Budget";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { Page } from "@/ui/Page";
import { plans, standings, usePlanWords } from "@/ui/planWords";
import { Select } from "@/ui/Select";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState } from "@/ui/States";
import { Table, Td, Th } from "@/ui/Table";
import { type Team, type TeamFilter, teamsQuery } from "./queries";

export function Component() {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const [params, setParams] = useSearchParams();
  const [text, setText] = useState(params.get("text") ?? "");
  const filter: TeamFilter = { text: useDeferredValue(text).trim(), plan: params.get("plan") ?? "", standing: params.get("standing") ?? "" };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(teamsQuery(filter));
  const choose = (part: Partial<TeamFilter>) => {
    const next = Object.entries({ ...filter, text: text.trim(), ...part }).filter(([, value]) => value !== "");
    setParams(new URLSearchParams(next), { replace: true, preventScrollReset: true });
  };
  const teams = data?.pages.flatMap((page) => page.teams) ?? [];
  const total = data?.pages[0]?.total ?? 0;
  return (
    <Page title={t("page.teams")} intro={t("teams.intro")}>
      <Filters filter={filter} text={text} onText={(next) => { setText(next); choose({ text: next.trim() }); }} onChoose={choose} />
      {!data && !error ? <Skeleton lines={8} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && teams.length === 0 ? <EmptyState title={t("teams.none")}>{t("teams.none_text")}</EmptyState> : null}
      {teams.length > 0 ? <TeamTable teams={teams} total={total} /> : null}
      {hasNextPage ? <div><Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t("teams.more")}</Button></div> : null}
    </Page>
  );
}

function Filters({ filter, text, onText, onChoose }: { filter: TeamFilter; text: string; onText: (text: string) => void; onChoose: (part: Partial<TeamFilter>) => void }) {
  const { t } = useTranslation("operator");
  const words = usePlanWords();
  return (
    <search className="grid items-end gap-3 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)]">
      <Field label={t("teams.find")}>
        <div className="relative">
          <Search aria-hidden="true" className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted" />
          <Input type="search" className="pl-9" maxLength={120} value={text} onChange={(event) => onText(event.target.value)} />
        </div>
      </Field>
      <Field label={t("plan")}>
        <Select value={filter.plan} onChange={(plan) => onChoose({ plan })} options={[{ value: "", label: t("all") }, ...plans.map((value) => ({ value, label: words.plan(value) }))]} />
      </Field>
      <Field label={t("standing")}>
        <Select value={filter.standing} onChange={(standing) => onChoose({ standing })} options={[{ value: "", label: t("all") }, ...standings.map((value) => ({ value, label: words.standing(value) }))]} />
      </Field>
    </search>
  );
}

function TeamTable({ teams, total }: { teams: Team[]; total: number }) {
  const { t } = useTranslation("operator");
  const formats = useFormats();
  const words = usePlanWords();
  return (
    <div className="flex flex-col gap-2">
      <p role="status" className="text-sm text-muted">{t("teams.count", { count: total, formatted: formats.number(total) })}</p>
      <Table label={t("page.teams")} head={<><Th>{t("team")}</Th><Th>{t("plan")}</Th><Th numeric>{t("people")}</Th><Th className="min-w-44">{t("budget")}</Th><Th numeric>{t("standard_calls")}</Th><Th numeric>{t("own_calls")}</Th></>}>
        {teams.map((team) => (
          <tr key={team.id}>
            <Td className="min-w-40"><Link className="link font-semibold wrap-anywhere" to={`/operator/teams/${team.id}`}>{team.name}</Link><span className="block text-xs text-muted">{t("since", { date: formats.date(team.created_at) })}</span></Td>
            <Td className="whitespace-nowrap"><span className="block">{words.plan(team.plan)}</span><Badge tone={team.refusal ? "warn" : "ok"}>{words.standing(team.standing)}</Badge></Td>
            <Td numeric>{formats.number(team.people)}</Td>
            <Td><BudgetBrief budget={team.budget} /></Td>
            <Td numeric>{formats.number(team.standard.calls)}</Td>
            <Td numeric>{formats.number(team.own.calls)}</Td>
          </tr>
        ))}
      </Table>
    </div>
  );
}
