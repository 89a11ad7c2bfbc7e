// One connection in the list: everything an owner asks about it at a glance, and its acts.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormats } from "@/i18n/format";
import { OriginMark } from "@/ui/Badge";
import { cx } from "@/ui/cx";
import { ConnectionActs } from "./ConnectionActs";
import { EndMarks } from "./EndMarks";
import { expiryOf } from "./health";
import { HealthMark } from "./HealthMark";
import type { ConnectionView } from "./types";

export interface ConnectionRowProps {
  connection: ConnectionView;
  isReadOnly: boolean;
  /** Cause and times of its state stand above the list. */
  isToldAbove: boolean;
}

export function ConnectionRow({ connection, isReadOnly, isToldAbove }: ConnectionRowProps) {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  const enabled = connection.models.filter((model) => model.enabled).length;
  return (
    <li data-origin={connection.zone} className={cx("relative rounded-lg border border-line bg-surface py-4 pr-3 pl-5", !connection.enabled && "bg-transparent")}>
      <span aria-hidden="true" className={cx("absolute inset-y-3 left-0 w-[3px] rounded-full bg-origin", !connection.enabled && "opacity-40")} />
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="text-base [overflow-wrap:anywhere]">
            <Link to={`/settings/models/custom/${connection.id}`} className="link-ink">{connection.name}</Link>
          </h2>
          <p className="flex flex-wrap gap-x-2 text-sm text-muted">
            <OriginMark origin={connection.zone} />
            <span>{[t(`type.${connection.provider}`), connection.data_location].filter(Boolean).join(" · ")}</span>
          </p>
        </div>
        <ConnectionActs connection={connection} isReadOnly={isReadOnly} />
      </div>
      <div className="grid grid-cols-1 gap-x-6 gap-y-3 pt-3 text-sm min-[420px]:grid-cols-2 md:grid-cols-[1.5fr_1fr_1fr_1.2fr]">
        <HealthMark connection={connection} brief={isToldAbove} />
        <div>
          <p className="tnum">{connection.models.length === 0 ? t("list.no_models") : t("list.models", { count: enabled, total: connection.models.length })}</p>
          <MaintainerName connection={connection} />
        </div>
        <div className="tnum">
          {connection.calls_30d === 0 ? (
            <p>{t("list.no_calls")}</p>
          ) : (
            <p>{t("list.calls", { count: connection.calls_30d, formatted: formats.number(connection.calls_30d) })}</p>
          )}
          <p className="text-xs text-muted">
            {connection.calls_30d === 0 ? t("list.days") : `${t("list.tokens", { formatted: formats.compact(connection.tokens_30d) })} ${t("list.days")}`}
          </p>
        </div>
        <KeyFacts connection={connection} />
        <EndMarks connection={connection} />
      </div>
    </li>
  );
}

function MaintainerName({ connection: { maintainer_name: name, maintainer_left: hasLeft } }: { connection: ConnectionView }) {
  const { t } = useTranslation("connections");
  const { t: watch } = useTranslation("watch");
  if (!name) return null;
  return hasLeft ? <p className="text-xs font-semibold text-warn">{watch("maintainer.nobody")}</p> : <p className="text-xs text-muted">{t("list.maintainer", { name })}</p>;
}

function KeyFacts({ connection: { id, key, health } }: { connection: ConnectionView }) {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  if (health === "needs_key") return <p><Link to={`/settings/models/custom/${id}#key`} className="link">{t("list.key_lost")}</Link></p>;
  if (!key.present) return <p className="text-muted">{t("list.key_none")}</p>;
  const expiry = expiryOf(key.expires_on);
  const date = key.expires_on ? formats.day(key.expires_on) : "";
  return (
    <div>
      <p>{t("list.key", { number: key.number })}</p>
      <p className="text-xs text-muted">{t("list.key_age", { ago: formats.ago(key.set_at) })}</p>
      {expiry === "over" ? <p className="text-xs font-semibold text-danger">{t("list.key_expired", { date })}</p> : null}
      {expiry === "soon" ? <p className="text-xs font-semibold text-warn">{t("list.key_expires", { date })}</p> : null}
    </div>
  );
}
