// How the team's comparisons came out: blind and open apart, and how sure the figures are.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useFormats } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState } from "@/ui/States";
import { readRange, today, type Range } from "./figures";
import { ModelTable, PairTable } from "./TallyTables";
import { PairChart } from "./PairChart";
import { tallyQuery, type TallyPart } from "./queries";
import { RangeBar } from "./RangeBar";

export function Component() {
  const { t } = useTranslation(["oversight", "common"]);
  const [params, setParams] = useSearchParams();
  const now = today();
  const range = readRange(params.get("from"), params.get("to"), now);
  const { data, error, refetch, isPlaceholderData } = useQuery(tallyQuery(range));
  const choose = ({ from, to }: Range) => setParams({ from, to }, { replace: true, preventScrollReset: true });
  const isEmpty = data && data.blind.verdicts + data.open.verdicts + data.blind.left_out + data.open.left_out === 0;
  return (
    <Page title={t("tally.title")} intro={t("tally.intro")}>
      <RangeBar range={range} now={now} onChange={choose} />
      {!data && !error ? <Skeleton lines={8} label={t("common:loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {isEmpty ? <EmptyState title={t("tally.emptyTitle")} actions={<Link className="link" to="/">{t("tally.toChat")}</Link>}>{t("tally.empty")}</EmptyState> : null}
      {data && !isEmpty ? (
        <div aria-busy={isPlaceholderData} className={cx("flex flex-col gap-10 transition-opacity", isPlaceholderData && "opacity-60")}>
          <Part title={t("tally.blind")} text={t("tally.blindText")} part={data.blind} enough={data.enough} />
          <Part title={t("tally.open")} text={t("tally.openText")} part={data.open} enough={data.enough} />
          <p className="max-w-2xl border-t border-line pt-4 text-sm text-muted">{t("tally.how", { count: data.enough })}</p>
        </div>
      ) : null}
    </Page>
  );
}

function Part({ title, text, part, enough }: { title: string; text: string; part: TallyPart; enough: number }) {
  const { t } = useTranslation("oversight");
  const { number } = useFormats();
  return (
    <section aria-label={title} className="flex flex-col gap-4">
      <header className="flex flex-col gap-1">
        <h2 className="text-lg">{title}</h2>
        <p className="max-w-2xl text-sm text-muted">{text}</p>
        <p className="text-sm">
          {t("tally.verdicts", { count: part.verdicts, formatted: number(part.verdicts) })} {part.verdicts > 0 ? t("tally.people", { count: part.people }) : null}
          {part.left_out > 0 ? ` ${t("tally.leftOut", { count: part.left_out })}` : ""}
        </p>
      </header>
      {part.pairs.length > 0 ? <PairChart part={part} enough={enough} /> : null}
      {part.verdicts > 0 ? (
        <>
          <ModelTable part={part} label={t("tally.models")} />
          <PairTable part={part} label={t("tally.pairs")} />
        </>
      ) : null}
    </section>
  );
}
