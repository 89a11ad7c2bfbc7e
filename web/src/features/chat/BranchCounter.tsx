// "2 / 3" with arrows: other versions of a message exist and none is lost.
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/Button";

export function BranchCounter({ id, siblings, onShow, disabled }: { id: string; siblings: readonly string[]; onShow: (id: string) => void; disabled: boolean }) {
  const { t } = useTranslation(["chat", "common"]);
  if (siblings.length < 2) return null;
  const at = siblings.indexOf(id);
  const go = (to: number) => {
    const target = siblings[to];
    if (target && !disabled) onShow(target);
  };
  return (
    <span role="group" aria-label={t("branch.label")} className="inline-flex items-center text-xs text-muted tnum">
      <IconButton label={t("branch.previous")} aria-disabled={at === 0 || disabled || undefined} onClick={() => go(at - 1)}><ChevronLeft aria-hidden="true" /></IconButton>
      <span className="px-0.5">
        <span aria-hidden="true">{`${at + 1} / ${siblings.length}`}</span>
        <span className="sr-only">{t("branch.count", { at: at + 1, of: siblings.length })}</span>
      </span>
      <IconButton label={t("branch.next")} aria-disabled={at === siblings.length - 1 || disabled || undefined} onClick={() => go(at + 1)}><ChevronRight aria-hidden="true" /></IconButton>
    </span>
  );
}
