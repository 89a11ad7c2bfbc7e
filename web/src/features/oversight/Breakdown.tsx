// One log broken down by model, connection or person: bars to see at a glance, and the table behind them.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { type BarItem, type Breakdown as By, type Range, topBars, type UsageLog } from "./figures";
import { peopleQuery } from "./queries";
import { SourceCharts } from "./SourceCharts";
import { ModelTable, PeopleTable, SourceTable } from "./UsageTables";

const BarsChart = lazy(() => import("./BarsChart"));

export function Breakdown({ log, by, range, title }: { log: UsageLog; by: By; range: Range; title: string }) {
  const { t } = useTranslation("usage");
  const heading = t(`by.title.${by === "connection" && log.kind === "standard" ? "provider" : by}`);
  const label = `${title}: ${heading}`;
  return (
    <div className="flex flex-col gap-3">
      <h3 className="font-semibold">{heading}</h3>
      {by === "model" ? (
        <>
          <Bars log={log} items={log.rows.map((row) => ({ key: `${row.connection_id ?? row.provider} ${row.model_id}`, name: row.model_id, tokensIn: row.tokens.tokens_in, tokensOut: row.tokens.tokens_out }))} />
          <ModelTable log={log} label={label} />
        </>
      ) : null}
      {by === "connection" ? (
        <>
          <Bars log={log} items={log.sources.map((one) => ({ key: one.connection_id ?? one.provider ?? "", name: one.name, tokensIn: one.tokens.tokens_in, tokensOut: one.tokens.tokens_out }))} />
          <SourceCharts log={log} />
          <SourceTable log={log} label={label} />
        </>
      ) : null}
      {by === "person" ? <People log={log} range={range} label={label} /> : null}
    </div>
  );
}

function People({ log, range, label }: { log: UsageLog; range: Range; label: string }) {
  const { t } = useTranslation("usage");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(peopleQuery(range));
  if (!data) return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Skeleton lines={5} label={common("loading")} />;
  const { people, left_out: leftOut } = data[log.kind];
  const items = people.map((one) => ({ key: one.user_id, name: one.name || t("person.former"), tokensIn: one.tokens.tokens_in, tokensOut: one.tokens.tokens_out }));
  return (
    <>
      <Bars log={log} items={items} />
      <PeopleTable people={people} leftOut={leftOut} label={label} />
    </>
  );
}

function Bars({ log, items }: { log: UsageLog; items: BarItem[] }) {
  const { t } = useTranslation("usage");
  const shown = topBars(items);
  return (
    <figure className="min-w-0 rounded-lg border border-line bg-surface p-3 sm:p-4">
      <figcaption className="px-1 pb-1 text-sm font-semibold">{t("chart.tokens")}</figcaption>
      <div aria-hidden="true" className="min-w-0 overflow-hidden" style={{ minHeight: shown.length * 34 + 64 }}>
        <Suspense fallback={null}><BarsChart items={shown} kind={log.kind} /></Suspense>
      </div>
      {shown.length < items.length ? <p className="px-1 pt-1 text-xs text-muted">{t("chart.top", { count: shown.length })}</p> : null}
    </figure>
  );
}
