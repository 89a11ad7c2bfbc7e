// The verdict: once, when all answers are there. What was found, and whose answers they were, is said in its place.
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Button } from "@/ui/Button";
import type { Outcome } from "./acts";
import type { Comparison } from "./data";

export interface VerdictBarProps {
  comparison: Comparison;
  /** Names in the order of the answers; letters while they are hidden. */
  names: readonly string[];
  isRunning: boolean;
  isBusy: boolean;
  onJudge: (outcome: Outcome, messageId: string | null) => void;
}

export function VerdictBar({ comparison, names, isRunning, isBusy, onJudge }: VerdictBarProps) {
  const { t } = useTranslation("compare");
  const told = useRef<HTMLParagraphElement>(null);
  const wasOpen = useRef(comparison.outcome === null);
  useEffect(() => {
    // The button that was pressed is gone; what it led to takes its place, for the keyboard too.
    if (wasOpen.current && comparison.outcome !== null) told.current?.focus();
    wasOpen.current = comparison.outcome === null;
  }, [comparison.outcome]);
  if (comparison.outcome !== null) {
    const better = names[comparison.answer_ids.indexOf(comparison.better_id ?? "")] ?? "";
    return (
      <p ref={told} tabIndex={-1} className="text-sm outline-none">
        <strong className="font-semibold">{comparison.outcome === "better" ? t("told.better", { name: better }) : t(`told.${comparison.outcome}`)}</strong>
        <span className="text-muted"> {t("told.counted")} </span>
        <Link to="/settings/oversight/comparisons" className="link print:hidden">{t("told.tally")}</Link>
      </p>
    );
  }
  const kind = comparison.blind ? "blind" : "open";
  if (isRunning) return <p className="text-sm text-muted">{t(`wait.${kind}`)}</p>;
  return (
    <div className="flex flex-col gap-2">
      <p className="text-sm text-muted">{t(`ask.${kind}`)}</p>
      <div role="group" aria-label={t("verdict.label")} className="flex flex-wrap gap-2">
        {comparison.answer_ids.map((id, place) => (
          <Button key={id} aria-disabled={isBusy || undefined} onClick={() => !isBusy && onJudge("better", id)} className="max-w-full">
            <span className="truncate">{t("verdict.better", { name: names[place] ?? "" })}</span>
          </Button>
        ))}
        <Button aria-disabled={isBusy || undefined} onClick={() => !isBusy && onJudge("tie", null)}>{t("verdict.tie")}</Button>
        <Button aria-disabled={isBusy || undefined} onClick={() => !isBusy && onJudge("none", null)}>{t("verdict.none")}</Button>
      </div>
    </div>
  );
}
