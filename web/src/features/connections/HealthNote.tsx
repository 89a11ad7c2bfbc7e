// On a connection's page, as long as it is not well: why, since when, and what happens meanwhile.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Note } from "@/ui/States";
import { healthOf } from "./health";
import type { ConnectionView } from "./types";

export function HealthNote({ connection }: { connection: ConnectionView }) {
  const { t } = useTranslation("watch");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const { word, since, lastGood } = healthOf(connection);
  if ((word !== "unreachable" && word !== "refused" && word !== "slow") || !connection.health_cause) return null;
  const times = [
    since ? t("matters.since", { time: formats.dateTime(since) }) : null,
    lastGood ? t("matters.last_good", { time: formats.dateTime(lastGood) }) : t("matters.never_good"),
  ].filter(Boolean);
  return (
    <Note tone={word === "slow" ? "warn" : "danger"}>
      <p className="font-semibold">{common(`health.${word}`)}</p>
      <p>{connection.health_cause}</p>
      <p className="text-xs text-muted">{times.join(" · ")}</p>
      {word === "slow" ? null : <p className="pt-1 text-xs">{t(`meanwhile.${word}`)}</p>}
    </Note>
  );
}
