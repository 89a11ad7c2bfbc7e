// How much of a month's budget of standard models is used, in words first; the bar says the same once more.
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { cx } from "@/ui/cx";

interface Month {
  used: number;
  limit: number;
  is_spent?: boolean;
}

const shareOf = ({ used, limit }: Month): number => Math.min(1, used / limit);

/** In sentences, with the day on which the next one begins. */
export function Budget({ budget }: { budget: Schemas["BudgetView"] }) {
  const { t } = useTranslation("oversight");
  const formats = useFormats();
  if (budget.limit === 0) return <p className="max-w-2xl text-sm">{t("budget.none")}</p>;
  const words = {
    used: formats.number(budget.used),
    limit: formats.number(budget.limit),
    share: formats.percent(shareOf(budget)),
    day: formats.day(budget.resets_on),
  };
  return (
    <div className="flex max-w-2xl flex-col gap-2">
      <p className="text-sm tnum">{t("budget.used", words)}</p>
      <Bar month={budget} className="h-2" />
      {budget.is_spent ? <p className="text-sm">{t("budget.spent", words)}</p> : null}
    </div>
  );
}

/** In a line of a table. */
export function BudgetBrief({ budget }: { budget: Month }) {
  const { t } = useTranslation("oversight");
  const formats = useFormats();
  if (budget.limit === 0) return <span className="text-muted">{t("budget.brief_none")}</span>;
  const words = { used: formats.compact(budget.used), limit: formats.compact(budget.limit), share: formats.percent(shareOf(budget)) };
  return (
    <div className="flex flex-col gap-1">
      <span className="tnum">{t(budget.is_spent ? "budget.brief_spent" : "budget.brief", words)}</span>
      <Bar month={budget} className="h-1.5" />
    </div>
  );
}

function Bar({ month, className }: { month: Month; className: string }) {
  return (
    <div aria-hidden="true" className={cx("overflow-hidden rounded-full bg-line", className)}>
      <div className={cx("h-full", month.is_spent ? "bg-danger" : "bg-accent")} style={{ width: `${shareOf(month) * 100}%` }} />
    </div>
  );
}
