// Own and standard models beside each other: the same figures for both, and no sum of the two (P15).
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { countedCalls, failedShare, figure, rateText, reportedShare } from "@/ui/counted";
import { cx } from "@/ui/cx";
import { SourceMark } from "@/ui/SourceMark";
import type { UsageLog } from "./figures";
import { costText } from "./money";

export function SideBySide({ logs, withCosts }: { logs: readonly UsageLog[]; withCosts: boolean }) {
  const { t } = useTranslation("usage");
  return (
    <section aria-label={t("sides.title")} className="grid gap-4 md:grid-cols-2">
      {logs.map((log) => <Side key={log.kind} log={log} withCosts={withCosts} />)}
    </section>
  );
}

function Side({ log, withCosts }: { log: UsageLog; withCosts: boolean }) {
  const { t, i18n } = useTranslation("usage");
  const { t: oversight } = useTranslation("oversight");
  const formats = useFormats();
  const { total } = log;
  const share = reportedShare(total);
  const failed = failedShare(log);
  return (
    <article className={cx("flex flex-col gap-4 rounded-lg border border-line border-t-4 bg-surface px-4 py-4", log.kind === "byom" ? "border-t-own" : "border-t-builtin")}>
      <h2 className="text-base font-semibold"><a href={`#log-${log.kind}`} className="link-ink">{oversight(`usage.${log.kind}.title`)}</a></h2>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 min-[420px]:grid-cols-3">
        <Total label={t("sides.calls")} value={formats.number(log.calls)} />
        <Total label={oversight("figure.tokens_in")} value={figure(total.tokens_in, total, formats.compact)} />
        <Total label={oversight("figure.tokens_out")} value={figure(total.tokens_out, total, formats.compact)} />
        <Total label={t("sides.reported")} value={rateText(i18n.language, share)}>
          {countedCalls(total) === total.reported_calls ? null : <SourceMark tokens={total} isBrief />}
        </Total>
        <Total label={t("sides.failed")} value={rateText(i18n.language, failed)} isBad={log.failed_calls > 0} />
        <Total label={t("sides.first_word")} value={log.ttft_ms === null ? "–" : formats.duration(log.ttft_ms)} />
      </dl>
      {withCosts && log.calls > 0 ? <Costs log={log} /> : null}
    </article>
  );
}

function Costs({ log }: { log: UsageLog }) {
  const { t, i18n } = useTranslation("usage");
  const { number } = useFormats();
  const missing = log.costs.reduce((sum, cost) => sum + cost.missing_calls, 0);
  const priced = log.calls - log.unpriced_calls;
  return (
    <div className="border-t border-line pt-3">
      <p className="text-sm text-muted">{t("sides.cost")}</p>
      {log.costs.length === 0 ? <p className="text-sm">{t("sides.no_prices")}</p> : null}
      {log.costs.map((cost) => <p key={cost.currency} className="text-lg font-semibold tnum">{costText(i18n.language, cost, priced) ?? "–"}</p>)}
      {log.costs.length > 0 && log.unpriced_calls > 0 ? <p className="text-xs text-muted">{t("sides.unpriced", { count: log.unpriced_calls, formatted: number(log.unpriced_calls) })}</p> : null}
      {missing > 0 ? <p className="text-xs text-muted">{t("sides.uncounted", { count: missing, formatted: number(missing) })}</p> : null}
    </div>
  );
}

function Total({ label, value, isBad = false, children }: { label: string; value: string; isBad?: boolean; children?: ReactNode }) {
  return (
    <div>
      <dt className="text-sm text-muted">{label}</dt>
      <dd className={cx("text-lg font-semibold tnum", isBad && "text-danger")}>{value}</dd>
      {children ? <dd className="pt-0.5 text-xs text-muted">{children}</dd> : null}
    </div>
  );
}
