// Who was found better than whom, as bars: the longer end wins. Below each, how sure that is. The tables say the same.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { cx } from "@/ui/cx";
import type { TallyPart } from "./queries";

type Pair = TallyPart["pairs"][number];
type Model = TallyPart["models"][number];

interface Side {
  model: Model | undefined;
  wins: number;
}

/** The one that was found better more often stands on the left. */
function sidesOf(pair: Pair, models: readonly Model[]): { left: Side; right: Side; low: number; high: number; isTold: boolean } {
  const first = { model: models[pair.first], wins: pair.wins };
  const second = { model: models[pair.second], wins: pair.losses };
  const isTold = pair.finding === "first" || pair.finding === "second";
  if (pair.losses > pair.wins) return { left: second, right: first, low: 1 - pair.high, high: 1 - pair.low, isTold };
  return { left: first, right: second, low: pair.low, high: pair.high, isTold };
}

export function PairChart({ part, enough }: { part: TallyPart; enough: number }) {
  return (
    <ul className="flex flex-col gap-3">
      {part.pairs.map((pair) => <PairBar key={`${pair.first} ${pair.second}`} pair={pair} models={part.models} enough={enough} />)}
    </ul>
  );
}

function PairBar({ pair, models, enough }: { pair: Pair; models: readonly Model[]; enough: number }) {
  const { t } = useTranslation("oversight");
  const { number, percent } = useFormats();
  const { left, right, low, high, isTold } = sidesOf(pair, models);
  const decided = pair.wins + pair.losses;
  const parts = [
    { key: "left", count: left.wins, className: "bg-accent text-on-accent" },
    { key: "ties", count: pair.ties, className: "bg-sunken text-muted" },
    { key: "right", count: right.wins, className: "bg-contract text-surface" },
  ].filter((one) => one.count > 0);
  const name = left.model?.name ?? "";
  const said = pair.finding === "too_few" ? t("tally.tooFew", { count: enough }) : isTold ? t("tally.ahead", { name }) : t("tally.noDifference");
  return (
    <li className="flex flex-col gap-2 rounded-lg border border-line bg-surface px-4 py-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1 text-sm">
        <Name side={left} />
        <Name side={right} isRight />
      </div>
      {parts.length > 0 ? (
        <div aria-hidden="true" className="flex h-7 gap-px overflow-hidden rounded-md text-xs font-semibold tnum">
          {parts.map((one) => (
            <span key={one.key} className={`grid min-w-6 place-items-center ${one.className}`} style={{ flexGrow: one.count, flexBasis: 0 }}>{number(one.count)}</span>
          ))}
        </div>
      ) : null}
      {decided > 0 ? (
        <div aria-hidden="true" className="relative mx-px h-3">
          <span className="absolute inset-x-0 top-1.5 border-t border-line" />
          <span className="absolute top-0 left-1/2 h-3 border-l border-edge" />
          <span className="absolute top-1 h-1 rounded-full bg-ink" style={{ left: `${low * 100}%`, width: `${(high - low) * 100}%` }} />
          <span className="absolute top-0 size-3 -translate-x-1/2 rounded-full border-2 border-surface bg-ink" style={{ left: `${(left.wins / decided) * 100}%` }} />
        </div>
      ) : null}
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-muted">
        <span className={cx("rounded px-1.5 py-0.5 font-semibold", isTold ? "bg-ok-wash text-ok" : "bg-sunken")}>{said}</span>
        {decided > 0 ? <span>{t("tally.share", { name, wins: number(left.wins), decided: number(decided), low: percent(low), high: percent(high) })}</span> : null}
        {pair.ties > 0 ? <span>{t("tally.ties", { count: pair.ties })}</span> : null}
        {pair.nones > 0 ? <span>{t("tally.nones", { count: pair.nones })}</span> : null}
        <span>{t("tally.people", { count: pair.people })}</span>
      </p>
    </li>
  );
}

function Name({ side, isRight = false }: { side: Side; isRight?: boolean }) {
  const colour = isRight ? "bg-contract" : "bg-accent";
  return (
    <span className={`flex min-w-0 items-center gap-2 ${isRight ? "flex-row-reverse text-right" : ""}`}>
      <span aria-hidden="true" className={`size-2.5 shrink-0 rounded-sm ${colour}`} />
      <span className="min-w-0 wrap-anywhere">
        <span className="font-semibold">{side.model?.name}</span> <span className="text-xs text-muted">{side.model?.connection_name}</span>
      </span>
    </span>
  );
}
