// Statistics: own endpoints and standard models, two logs that are never added up (P15).
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import type { Schemas } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { Budget } from "@/ui/Budget";
import { cx } from "@/ui/cx";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { type Breakdown, BREAKDOWNS, type Range, readBreakdown, readRange, today } from "./figures";
import { LogSection } from "./LogSection";
import { PressedRow } from "./PressedRow";
import { usageQuery } from "./queries";
import { RangeBar } from "./RangeBar";
import { SideBySide } from "./SideBySide";

const shown = (data: Schemas["UsageView"]): Range => ({ from: data.from_day, to: data.to_day });

export function Component() {
  const { t } = useTranslation("oversight");
  const { t: usage } = useTranslation("usage");
  const { t: common } = useTranslation();
  const { canManage } = useSignedIn();
  const [params, setParams] = useSearchParams();
  const now = today();
  const range = readRange(params.get("from"), params.get("to"), now);
  const { data, error, refetch, isPlaceholderData } = useQuery(usageQuery(range));
  const by = canManage || params.get("by") !== "person" ? readBreakdown(params.get("by")) : "model";
  const choose = (wish: Partial<Range & { by: Breakdown }>) => setParams({ ...range, by, ...wish }, { replace: true, preventScrollReset: true });
  return (
    <Page title={t("usage.title")} intro={canManage ? t("usage.intro") : t("usage.intro_own")}>
      <RangeBar range={range} now={now} onChange={choose} />
      {!data && !error ? <Skeleton lines={8} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <div aria-busy={isPlaceholderData} className={cx("flex flex-col gap-10 transition-opacity", isPlaceholderData && "opacity-60")}>
          {data.byom.calls > 0 || data.standard.calls > 0 ? (
            <>
              <SideBySide logs={[data.byom, data.standard]} withCosts={canManage} />
              <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <span aria-hidden="true" className="text-sm text-muted">{usage("by.label")}</span>
                <PressedRow
                  label={usage("by.label")}
                  options={BREAKDOWNS.filter((one) => canManage || one !== "person").map((one) => ({ value: one, label: usage(`by.${one}`) }))}
                  value={by}
                  onChange={(wish) => choose({ by: wish })}
                />
              </div>
            </>
          ) : null}
          <LogSection log={data.byom} by={by} range={shown(data)}>
            {canManage ? <Link className="link" to="/settings/models/custom">{t("usage.to_connections")}</Link> : null}
          </LogSection>
          <LogSection log={data.standard} by={by} range={shown(data)} above={<Budget budget={data.budget} />} />
          {data.undecided_calls > 0 ? <Note>{t("usage.undecided", { count: data.undecided_calls })}</Note> : null}
          <p className="max-w-2xl border-t border-line pt-4 text-sm text-muted">{t("usage.never_added")}{canManage ? <span className="block pt-2">{usage("cost.note")}</span> : null}</p>
        </div>
      ) : null}
    </Page>
  );
}
