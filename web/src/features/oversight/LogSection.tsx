// One of the two logs: its sums with where they come from, its days, its models.
import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { countedCalls, figure, pointsOf, reportedShare, type Range, type UsageLog } from "./figures";
import { DayTable } from "./DayTable";
import { SourceMark } from "./SourceMark";
import { UsageTable } from "./UsageTable";

const DayChart = lazy(() => import("./DayChart"));

export function LogSection({ log, range, children }: { log: UsageLog; range: Range; children?: ReactNode }) {
  const { t } = useTranslation("oversight");
  const title = t(`usage.${log.kind}.title`);
  const id = `log-${log.kind}`;
  const points = pointsOf(log, range.from, range.to);
  return (
    <section aria-labelledby={id} className="flex flex-col gap-5">
      <header className="max-w-2xl">
        <h2 id={id} className="text-lg">{title}</h2>
        <p className="text-sm text-muted">{t(`usage.${log.kind}.about`)}</p>
      </header>
      {log.calls === 0 ? (
        <div className="rounded-lg border border-dashed border-line px-4 py-6 text-sm text-muted">
          <p>{t(`usage.${log.kind}.empty`)}</p>
          {children}
        </div>
      ) : (
        <>
          <Totals log={log} />
          <figure className="min-w-0 rounded-lg border border-line bg-surface p-3 sm:p-4">
            <figcaption className="px-1 pb-2 text-sm font-semibold">{t("chart.title")}</figcaption>
            <div aria-hidden="true" className="h-56 min-w-0 overflow-hidden">
              <Suspense fallback={null}><DayChart points={points} kind={log.kind} /></Suspense>
            </div>
            <DayTable points={points} label={`${title}: ${t("chart.title")}`} />
          </figure>
          <UsageTable log={log} label={t("usage.by_model", { title })} />
        </>
      )}
    </section>
  );
}

function Totals({ log }: { log: UsageLog }) {
  const { t } = useTranslation("oversight");
  const formats = useFormats();
  const { total } = log;
  const share = reportedShare(total);
  return (
    <dl className="grid grid-cols-2 gap-x-8 gap-y-4 md:grid-cols-4">
      <Total label={t("figure.calls")} value={formats.number(log.calls)} />
      <Total label={t("figure.tokens_in")} value={figure(total.tokens_in, total, formats.number)} />
      <Total label={t("figure.tokens_out")} value={figure(total.tokens_out, total, formats.number)} />
      <Total label={t("figure.reported_share")} value={share === null ? "–" : formats.percent(share)}>
        {countedCalls(total) === total.reported_calls ? null : <SourceMark tokens={total} />}
      </Total>
    </dl>
  );
}

function Total({ label, value, children }: { label: string; value: string; children?: ReactNode }) {
  return (
    <div>
      <dt className="text-sm text-muted">{label}</dt>
      <dd className="text-lg font-semibold tnum sm:text-2xl">{value}</dd>
      {children ? <dd className="pt-0.5 text-xs text-muted">{children}</dd> : null}
    </div>
  );
}
