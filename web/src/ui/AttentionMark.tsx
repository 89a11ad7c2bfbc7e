// A number beside what leads there: how many things should be seen to now. Nothing when there is none.
import { useTranslation } from "react-i18next";
import { useUrgentCount } from "@/api/attention";

export function AttentionMark() {
  const { t } = useTranslation();
  const count = useUrgentCount();
  if (count === 0) return null;
  return (
    <span className="ml-auto grid min-w-5 place-items-center rounded-full bg-danger-wash px-1.5 text-xs font-semibold text-danger tnum">
      <span aria-hidden="true">{count}</span>
      <span className="sr-only">{t("attention.count", { count })}</span>
    </span>
  );
}
