// State, cause and time of a connection: colour, icon and words together.
import { CircleAlert, CircleCheck, CircleDashed, CirclePause, Clock, KeyRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { cx } from "@/ui/cx";
import { healthOf } from "./health";
import type { ConnectionView } from "./types";

const icons = { healthy: CircleCheck, slow: Clock, refused: CircleAlert, unreachable: CircleAlert, unproven: CircleDashed, needs_key: KeyRound, paused: CirclePause } as const;
const colours = { ok: "text-ok", warn: "text-warn", danger: "text-danger", neutral: "text-muted", accent: "text-accent" } as const;

/** `brief`: a note elsewhere on the page has cause and times. */
export function HealthMark({ connection, brief }: { connection: ConnectionView; brief?: boolean }) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const { t: watch } = useTranslation("watch");
  const formats = useFormats();
  const { word, tone, since, lastGood } = healthOf(connection);
  const Icon = icons[word];
  const isToldElsewhere = brief && connection.health_cause && word !== "paused";
  const times = isToldElsewhere ? [] : [
    since ? watch("health.since", { time: formats.dateTime(since) }) : null,
    lastGood ? watch("health.last_good", { ago: formats.ago(lastGood) }) : null,
  ].filter(Boolean);
  return (
    <div>
      <p className={cx("flex items-center gap-1.5 font-semibold", colours[tone])}>
        <Icon aria-hidden="true" className="size-4 shrink-0" />
        {word === "paused" ? t("health.paused") : common(`health.${word}`)}
      </p>
      {word === "needs_key" ? <p className="text-xs text-muted">{t("health.needs_key")}</p> : null}
      {connection.health_cause && !isToldElsewhere && word !== "paused" ? <p className="text-xs">{connection.health_cause}</p> : null}
      {times.length > 0 ? <p className="text-xs text-muted">{times.join(" · ")}</p> : null}
      {word === "unproven" ? <p className="text-xs text-muted">{t("health.never_tested")}</p> : null}
    </div>
  );
}
