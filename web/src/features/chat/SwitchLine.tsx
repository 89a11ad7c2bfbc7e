// A hairline with a sentence where the conversation went on with another model.
import { useTranslation } from "react-i18next";
import { OriginMark } from "@/ui/Badge";
import type { Turn } from "./tree";

/** Shown above the question whose answer comes from another model than the answer before it. */
export function SwitchLine({ branch, turn }: { branch: readonly Turn[]; turn: Turn | undefined }) {
  const { t } = useTranslation(["chat", "common"]);
  if (!turn || turn.message.role !== "user") return null;
  const at = branch.indexOf(turn);
  const next = branch[at + 1]?.message.reply;
  const before = branch.slice(0, at).findLast((other) => other.message.reply)?.message.reply;
  if (!next || !before || next.model_ref === before.model_ref) return null;
  return (
    <div className="thread-grid pt-6">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line pt-2.5 text-xs text-muted xl:col-start-2">
        <span>{t("switch.line", { to: next.model_name, from: before.model_name })}</span>
        <OriginMark origin={next.origin} quiet />
      </p>
    </div>
  );
}
