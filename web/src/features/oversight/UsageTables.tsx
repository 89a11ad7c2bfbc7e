// Usage in tables: by model with what it would have cost, by connection or standard provider, by person.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schemas } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { useFormats } from "@/i18n/format";
import { CountedTable } from "@/ui/CountedTable";
import { Td, Th } from "@/ui/Table";
import type { UsageLog } from "./figures";
import { PriceCells } from "./PriceCells";

interface LogProps {
  log: UsageLog;
  label: string;
}

export function ModelTable({ log, label }: LogProps) {
  const { t } = useTranslation("oversight");
  const { t: usage } = useTranslation("usage");
  const { canManage } = useSignedIn();
  return (
    <CountedTable
      label={label}
      subject={t(log.kind === "byom" ? "column.connection" : "column.provider")}
      rows={log.rows}
      keyOf={(row) => `${row.connection_id ?? row.connection_name} ${row.model_id}`}
      nameOf={(row) => (
        <>
          <span className={row.model_id ? "block font-mono text-xs" : "block text-xs"}>{row.model_id || t("usage.no_model")}</span>
          <span className="text-xs text-muted"><SourceName id={row.connection_id} name={row.connection_name} /></span>
        </>
      )}
      heads={<><Th numeric>{t("column.ttft")}</Th>{canManage ? <><Th numeric>{usage("column.price")}</Th><Th numeric>{usage("column.cost")}</Th></> : null}</>}
      cells={(row) => <><FirstWord ms={row.ttft_ms} />{canManage ? <PriceCells row={row} kind={log.kind} /> : null}</>}
    />
  );
}

export function SourceTable({ log, label }: LogProps) {
  const { t } = useTranslation("oversight");
  const { t: usage } = useTranslation("usage");
  return (
    <CountedTable
      label={label}
      subject={usage(log.kind === "byom" ? "column.source" : "column.provider")}
      rows={log.sources}
      keyOf={(one) => one.connection_id ?? one.provider ?? ""}
      nameOf={(one) => <SourceName id={one.connection_id} name={one.name} />}
      heads={<Th numeric>{t("column.ttft")}</Th>}
      cells={(one) => <FirstWord ms={one.ttft_ms} />}
    />
  );
}

export function PeopleTable({ people, leftOut, label }: { people: readonly Schemas["PersonUsageView"][]; leftOut: number; label: string }) {
  const { t } = useTranslation("usage");
  const { number } = useFormats();
  return (
    <>
      <CountedTable
        label={label}
        subject={t("column.person")}
        rows={people}
        keyOf={(one) => one.user_id}
        nameOf={(one) => (
          <>
            {one.name || <span className="text-muted">{t("person.former")}</span>}
            {one.email ? <span className="block text-xs text-muted">{one.email}</span> : null}
          </>
        )}
      />
      {leftOut > 0 ? <p className="text-sm text-muted">{t("person.left_out", { count: leftOut, formatted: number(leftOut) })}</p> : null}
    </>
  );
}

/** Leads to the connection whoever may look at it. */
function SourceName({ id, name }: { id: string | null; name: string }) {
  const { canManage } = useSignedIn();
  return canManage && id ? <Link to={`/settings/models/custom/${id}`} className="link-ink">{name}</Link> : name;
}

function FirstWord({ ms }: { ms: number | null }) {
  const { duration } = useFormats();
  return <Td numeric className="whitespace-nowrap">{ms === null ? "–" : duration(ms)}</Td>;
}
