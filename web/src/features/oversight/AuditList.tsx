// Entries of the trail: when, who, what, how it went; the details unfold.
import { Ban, ChevronRight, CircleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import type { AuditFilter } from "./auditFilter";
import { useDetailWords } from "./detailWords";
import type { AuditEntry } from "./queries";

interface RowProps {
  entry: AuditEntry;
  onFilter: (parts: AuditFilter) => void;
}

export function AuditList({ entries, onFilter }: { entries: AuditEntry[]; onFilter: (parts: AuditFilter) => void }) {
  const { t } = useTranslation("oversight");
  return (
    <ol aria-label={t("audit.title")} className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
      {entries.map((entry) => (
        <li key={entry.seq}><AuditRow entry={entry} onFilter={onFilter} /></li>
      ))}
    </ol>
  );
}

function AuditRow({ entry, onFilter }: RowProps) {
  const { t } = useTranslation("oversight");
  const formats = useFormats();
  return (
    <details className="group">
      <summary className="grid list-none grid-cols-[1rem_1fr] gap-x-3 px-4 py-2.5 text-sm hover:bg-hover sm:grid-cols-[1rem_11rem_1fr_auto] [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden="true" className="mt-0.5 size-4 text-muted transition-transform group-open:rotate-90" />
        <time dateTime={entry.at} className="text-muted tnum">{formats.dateTime(entry.at)}</time>
        <span className="min-w-0 max-sm:col-start-2">
          <span className="block [overflow-wrap:anywhere]">{entry.sentence}</span>
          {entry.sentence.includes(entry.actor) ? null : <span className="block text-xs text-muted">{entry.actor}</span>}
        </span>
        <span className="max-sm:col-start-2 max-sm:pt-1 max-sm:empty:hidden"><OutcomeMark outcome={entry.outcome} /></span>
      </summary>
      <Details entry={entry} onFilter={onFilter} />
      <span className="sr-only">{t("audit.entry", { seq: entry.seq })}</span>
    </details>
  );
}

function OutcomeMark({ outcome }: { outcome: AuditEntry["outcome"] }) {
  const { t } = useTranslation("oversight");
  switch (outcome) {
    case "done":
      return null;
    case "refused":
      return <Badge tone="warn" icon={<Ban aria-hidden="true" />}>{t("outcome.refused")}</Badge>;
    case "failed":
      return <Badge tone="danger" icon={<CircleAlert aria-hidden="true" />}>{t("outcome.failed")}</Badge>;
  }
}

function Details({ entry, onFilter }: RowProps) {
  const { t } = useTranslation("oversight");
  const { nameOf, valueOf } = useDetailWords();
  const rows: [string, string][] = [
    [t("audit.number"), String(entry.seq)],
    [t("audit.actor"), entry.actor || t("audit.nobody")],
    [t("audit.action"), entry.action],
    ...(entry.object_name ? [[t("audit.object"), entry.object_name] as [string, string]] : []),
    ...(entry.client ? [[t("audit.client"), entry.client] as [string, string]] : []),
    ...(entry.request_id ? [[t("audit.request"), entry.request_id] as [string, string]] : []),
    ...Object.entries(entry.details).map(([name, value]): [string, string] => [nameOf(name, entry.action), valueOf(name, value)]),
  ];
  return (
    <div className="bg-canvas px-4 py-3 pl-11 text-xs">
      <dl className="grid grid-cols-[minmax(0,auto)_minmax(55%,1fr)] gap-x-4 gap-y-1">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="font-mono [overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="flex flex-wrap gap-2 pt-2 empty:hidden">
        {entry.actor_id ? <Button size="sm" variant="quiet" onClick={() => onFilter({ actor: entry.actor_id ?? "" })}>{t("audit.only_actor", { name: entry.actor })}</Button> : null}
        {entry.object_id ? <Button size="sm" variant="quiet" onClick={() => onFilter({ object_id: entry.object_id })}>{t("audit.only_object")}</Button> : null}
      </div>
    </div>
  );
}
