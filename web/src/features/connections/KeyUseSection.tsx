// When the key was last used, and how often per day: a use that nobody can explain is seen here.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { Table, Td, Th } from "@/ui/Table";
import { pointsOfUses, totalOf, USE_PURPOSES, type UsePoint } from "./keyUses";
import { keyUsesQuery } from "./queries";
import { Section, type SectionProps } from "./Section";

const UseChart = lazy(() => import("./UseChart"));

export function KeyUseSection({ connection }: SectionProps) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const { data, error, refetch } = useQuery(keyUsesQuery(connection.id));
  const points = pointsOfUses(data?.days ?? [], new Date().toISOString().slice(0, 10));
  const total = points.reduce((sum, point) => sum + totalOf(point), 0);
  return (
    <Section id="key-uses" title={t("page.uses")}>
      {!data && !error ? <Skeleton lines={3} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && total === 0 ? <p className="text-muted">{t("uses.none")}</p> : null}
      {data && total > 0 ? (
        <figure className="min-w-0 rounded-lg border border-line bg-surface p-3 sm:p-4">
          <figcaption className="px-1 pb-2 text-sm">
            <span className="font-semibold">{t("uses.total", { count: total, formatted: formats.number(total) })}</span>
            {data.last_at ? <span className="text-muted"> {t("uses.last", { at: formats.dateTime(data.last_at) })}</span> : null}
          </figcaption>
          <div aria-hidden="true" className="h-40 min-w-0 overflow-hidden"><Suspense fallback={null}><UseChart points={points} /></Suspense></div>
          <UseTable points={points} />
        </figure>
      ) : null}
      <p className="max-w-2xl text-sm text-muted">{t("uses.about")}</p>
    </Section>
  );
}

function UseTable({ points }: { points: UsePoint[] }) {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  const used = points.filter((point) => totalOf(point) > 0).toReversed();
  return (
    <details className="pt-2 text-sm">
      <summary className="w-fit px-1 py-1 text-muted hover:text-ink">{t("uses.as_table")}</summary>
      <div className="pt-2">
        <Table label={t("page.uses")} head={<><Th>{t("uses.day")}</Th>{USE_PURPOSES.map((purpose) => <Th key={purpose} numeric>{t(`uses.${purpose}`)}</Th>)}</>}>
          {used.map((point) => (
            <tr key={point.day}>
              <Td>{formats.day(point.day)}</Td>
              {USE_PURPOSES.map((purpose) => <Td key={purpose} numeric>{formats.number(point[purpose])}</Td>)}
            </tr>
          ))}
        </Table>
      </div>
    </details>
  );
}
