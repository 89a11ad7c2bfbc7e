// How the deployment is, in figures and findings. Asked anew every 30 seconds while the page is open.
import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { Page } from "@/ui/Page";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { healthQuery } from "./queries";

const counted = ["teams", "people", "sign_ins", "calls_under_way", "replies"] as const;

export function Component() {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const { data, error, refetch } = useQuery(healthQuery);
  const findings = [...(data?.findings ?? [])].sort((one, other) => Number(other.verdict === "warning") - Number(one.verdict === "warning"));
  const warnings = findings.filter((one) => one.verdict === "warning").length;
  return (
    <Page title={t("page.health")} intro={data ? t("health.intro", { version: data.version, engine: data.engine === "postgresql" ? "PostgreSQL" : "SQLite", schema: data.schema_revision }) : null}>
      {!data && !error ? <Skeleton lines={6} label={common("loading")} /> : null}
      {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <>
          <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-5">
            {counted.map((name) => (
              <div key={name} className="flex flex-col-reverse justify-end bg-surface px-4 py-3 last:max-sm:col-span-2">
                <dt className="text-xs text-muted">{t(`health.${name}`)}</dt>
                <dd className="text-xl font-semibold tnum">{formats.number(data[name])}</dd>
              </div>
            ))}
          </dl>
          <PageSection id="findings" title={t("health.findings")} about={warnings === 0 ? t("health.well") : t("health.warnings", { count: warnings })}>
            <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
              {findings.map((one) => {
                const isWell = one.verdict === "ok";
                const Icon = isWell ? CircleCheck : CircleAlert;
                return (
                  <li key={one.code} className="flex items-start gap-3 px-4 py-2.5">
                    <Icon aria-hidden="true" className={cx("mt-0.5 size-4 shrink-0", isWell ? "text-ok" : "text-warn")} />
                    <span className="min-w-0 wrap-anywhere"><span className="sr-only">{t(isWell ? "health.ok" : "health.warning")}: </span>{one.message}</span>
                  </li>
                );
              })}
            </ul>
          </PageSection>
        </>
      ) : null}
    </Page>
  );
}
