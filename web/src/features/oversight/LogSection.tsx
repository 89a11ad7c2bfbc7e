// One of the two logs: its days, and what they are broken down by; each chart with the table behind it.
import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Breakdown } from "./Breakdown";
import { DayTable } from "./DayTable";
import { type Breakdown as By, pointsOf, type Range, type UsageLog } from "./figures";
import { ExportProblem, UsageExportMenu, useUsageExport } from "./UsageExport";

const DayChart = lazy(() => import("./DayChart"));

export function LogSection({ log, range, by, above, children }: { log: UsageLog; range: Range; by: By; above?: ReactNode; children?: ReactNode }) {
  const { t } = useTranslation("oversight");
  const exporting = useUsageExport(log.kind, range);
  const title = t(`usage.${log.kind}.title`);
  const id = `log-${log.kind}`;
  const points = pointsOf(log, range.from, range.to);
  return (
    <section aria-labelledby={id} className="flex flex-col gap-5">
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <div className="max-w-2xl min-w-0 flex-1 basis-64">
          <h2 id={id} className="scroll-mt-20 text-lg">{title}</h2>
          <p className="text-sm text-muted">{t(`usage.${log.kind}.about`)}</p>
        </div>
        {log.calls > 0 ? <UsageExportMenu exporting={exporting} title={title} /> : null}
      </header>
      <ExportProblem error={exporting.error} />
      {above}
      {log.calls === 0 ? (
        <div className="rounded-lg border border-dashed border-line px-4 py-6 text-sm text-muted">
          <p>{t(`usage.${log.kind}.empty`)}</p>
          {children}
        </div>
      ) : (
        <>
          <figure className="min-w-0 rounded-lg border border-line bg-surface p-3 sm:p-4">
            <figcaption className="px-1 pb-2 text-sm font-semibold">{t("chart.title")}</figcaption>
            <div aria-hidden="true" className="h-56 min-w-0 overflow-hidden">
              <Suspense fallback={null}><DayChart points={points} kind={log.kind} /></Suspense>
            </div>
            <DayTable points={points} label={`${title}: ${t("chart.title")}`} />
          </figure>
          <Breakdown log={log} by={by} range={range} title={title} />
        </>
      )}
    </section>
  );
}
