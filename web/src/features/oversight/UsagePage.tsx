// Statistics: own endpoints and standard models, two logs that are never added up (P15).
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useSignedIn } from "@/api/session";
import { cx } from "@/ui/cx";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { readRange, today, type Range } from "./figures";
import { LogSection } from "./LogSection";
import { usageQuery } from "./queries";
import { RangeBar } from "./RangeBar";

export function Component() {
  const { t } = useTranslation("oversight");
  const { t: common } = useTranslation();
  const { canManage } = useSignedIn();
  const [params, setParams] = useSearchParams();
  const now = today();
  const range = readRange(params.get("from"), params.get("to"), now);
  const { data, error, refetch, isPlaceholderData } = useQuery(usageQuery(range));
  const choose = ({ from, to }: Range) => setParams({ from, to }, { replace: true, preventScrollReset: true });
  return (
    <Page title={t("usage.title")} intro={canManage ? t("usage.intro") : t("usage.intro_own")}>
      <RangeBar range={range} now={now} onChange={choose} />
      {!data && !error ? <Skeleton lines={8} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <div aria-busy={isPlaceholderData} className={cx("flex flex-col gap-10 transition-opacity", isPlaceholderData && "opacity-60")}>
          <LogSection log={data.byom} range={{ from: data.from_day, to: data.to_day }}>
            {canManage ? <Link className="link" to="/settings/models/custom">{t("usage.to_connections")}</Link> : null}
          </LogSection>
          <LogSection log={data.standard} range={{ from: data.from_day, to: data.to_day }} />
          <p className="max-w-2xl border-t border-line pt-4 text-sm text-muted">{t("usage.never_added")}</p>
        </div>
      ) : null}
    </Page>
  );
}
