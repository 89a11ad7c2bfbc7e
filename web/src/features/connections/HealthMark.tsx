// State, reason and time of a connection: colour, icon and words together.
import { CircleAlert, CircleCheck, CircleDashed, CirclePause, Clock } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { healthOf } from "./health";
import type { ConnectionView } from "./types";

const icons = { healthy: CircleCheck, slow: Clock, refused: CircleAlert, unreachable: CircleAlert, unproven: CircleDashed, paused: CirclePause } as const;
const colours = { ok: "text-ok", warn: "text-warn", danger: "text-danger", neutral: "text-muted", accent: "text-accent" } as const;

export function HealthMark({ connection }: { connection: ConnectionView }) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const { word, tone, stoppedAt, testedAt } = healthOf(connection);
  const Icon = icons[word];
  const ago = testedAt ? formats.ago(testedAt) : "";
  const reason = !testedAt
    ? t("health.never_tested")
    : stoppedAt
      ? t("health.tested_at", { stage: t(`stage.${stoppedAt}`), ago })
      : t("health.tested_ok", { ago });
  return (
    <div>
      <p className={cx("flex items-center gap-1.5 font-semibold", colours[tone])}>
        <Icon aria-hidden="true" className="size-4 shrink-0" />
        {word === "paused" ? t("health.paused") : common(`health.${word}`)}
      </p>
      <p className="text-xs text-muted">{reason}</p>
    </div>
  );
}
