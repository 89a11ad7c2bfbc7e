// What should be seen to: which connection, what is wrong, why, since when; until it is solved.
import { CalendarClock, CircleAlert, KeyRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormats } from "@/i18n/format";
import { cx } from "./cx";
import type { Matter } from "@/api/attention";

const icons = { unreachable: CircleAlert, refused: KeyRound, key_ends: CalendarClock } as const;

/** `links`: whether the reader can open a connection's page. */
export function MatterList({ matters, links }: { matters: readonly Matter[]; links: boolean }) {
  const { t } = useTranslation("watch");
  if (matters.length === 0) return null;
  return (
    <section aria-labelledby="matters-title" className="flex flex-col gap-2">
      <h2 id="matters-title" className="text-base">{t("matters.title")}</h2>
      <ul className="flex flex-col gap-2">
        {matters.map((matter) => <MatterRow key={`${matter.connection_id} ${matter.kind}`} matter={matter} links={links} />)}
      </ul>
    </section>
  );
}

function MatterRow({ matter, links }: { matter: Matter; links: boolean }) {
  const { t } = useTranslation("watch");
  const formats = useFormats();
  const Icon = icons[matter.kind];
  function words({ kind, days_left: left, last_day: day }: Matter): string {
    if (kind !== "key_ends") return t(`matters.${kind}`);
    const date = day ? formats.day(day) : "";
    return (left ?? 0) < 0 ? t("matters.key_over", { date }) : t("matters.key_ends", { date, days: formats.days(left ?? 0) });
  }

  function times({ kind, since, last_good: good, days_left: left }: Matter): string {
    if (kind === "key_ends") return (left ?? 0) < 0 ? t("matters.key_over_help") : t("matters.key_help");
    const began = since ? t("matters.since", { time: formats.dateTime(since) }) : "";
    return [began, good ? t("matters.last_good", { time: formats.dateTime(good) }) : t("matters.never_good")].filter(Boolean).join(" · ");
  }

  const page = `/settings/models/custom/${matter.connection_id}${matter.kind === "unreachable" ? "" : "#key"}`;
  return (
    <li className={cx("flex gap-2.5 rounded-lg border px-4 py-3 text-sm", matter.is_urgent ? "border-danger/40 bg-danger-wash" : "border-warn/40 bg-warn-wash")}>
      <Icon aria-hidden="true" className={cx("mt-0.5 size-4 shrink-0", matter.is_urgent ? "text-danger" : "text-warn")} />
      <div className="min-w-0">
        <p className="font-semibold [overflow-wrap:anywhere]">
          {links ? <Link to={page} className="link-ink">{matter.connection_name}</Link> : matter.connection_name}: {words(matter)}
        </p>
        {matter.cause ? <p>{matter.cause}</p> : null}
        <p className="text-xs text-muted">{times(matter)}</p>
      </div>
    </li>
  );
}
