// Why a model that can be chosen may not answer, and since when.
import { useTranslation } from "react-i18next";
import type { PickerModel } from "@/api/queries";
import { useFormats } from "@/i18n/format";
import { cx } from "@/ui/cx";

const troubled: readonly PickerModel["health"][] = ["slow", "refused", "unreachable", "needs_key"];

export interface TroubleProps {
  model: PickerModel;
  /** What stands before it where nothing else says whose state it is: the state in words, or name and state. */
  says?: "state" | "name";
}

/** Why and since when, here and below the message field. A line of its own; nothing for a model that is well, or of which nothing is known. */
export function Trouble({ model, says }: TroubleProps) {
  const { t } = useTranslation(["chat", "common"]);
  const formats = useFormats();
  if (!model.health_cause && !(says && troubled.includes(model.health))) return null;
  const cause = [model.health_cause, model.health_since ? t("picker.since", { time: formats.dateTime(model.health_since) }) : null].filter(Boolean).join(" · ");
  const state = says ? t(`common:health.${model.health}`) : null;
  return (
    <span className={cx("block text-xs", model.health === "slow" ? "text-warn" : "text-danger")}>
      {says === "name" ? `${model.name}: ` : null}
      {[state, cause].filter(Boolean).join(": ")}
    </span>
  );
}
