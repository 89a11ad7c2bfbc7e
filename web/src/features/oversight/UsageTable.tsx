// Usage by connection and model.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSignedIn } from "@/api/session";
import { useFormats } from "@/i18n/format";
import { Table, Td, Th } from "@/ui/Table";
import { figure, type UsageLog } from "./figures";
import { SourceMark } from "./SourceMark";

export function UsageTable({ log, label }: { log: UsageLog; label: string }) {
  const { t } = useTranslation("oversight");
  const { canManage } = useSignedIn();
  const formats = useFormats();
  return (
    <Table
      label={label}
      head={
        <>
          <Th>{log.kind === "byom" ? t("column.connection") : t("column.provider")}</Th>
          <Th numeric>{t("figure.calls")}</Th>
          <Th numeric>{t("figure.tokens_in")}</Th>
          <Th numeric>{t("figure.tokens_out")}</Th>
          <Th>{t("column.source")}</Th>
          <Th numeric>{t("column.ttft")}</Th>
        </>
      }
    >
      {log.rows.map((row) => (
        <tr key={`${row.connection_id ?? row.connection_name} ${row.model_id}`}>
          <Td className="min-w-44">
            {row.model_id ? (
              <span className="block font-mono text-xs [overflow-wrap:anywhere]">{row.model_id}</span>
            ) : (
              <span className="block text-xs">{t("usage.no_model")}</span>
            )}
            {canManage && row.connection_id ? (
              <Link to={`/settings/models/custom/${row.connection_id}`} className="text-xs text-muted hover:underline">{row.connection_name}</Link>
            ) : (
              <span className="text-xs text-muted">{row.connection_name}</span>
            )}
          </Td>
          <Td numeric>
            {formats.number(row.calls)}
            {row.failed_calls > 0 ? <span className="block text-xs whitespace-nowrap text-danger">{t("figure.failed", { formatted: formats.number(row.failed_calls) })}</span> : null}
          </Td>
          <Td numeric>{figure(row.tokens.tokens_in, row.tokens, formats.number)}</Td>
          <Td numeric>{figure(row.tokens.tokens_out, row.tokens, formats.number)}</Td>
          <Td className="min-w-36 text-xs"><SourceMark tokens={row.tokens} /></Td>
          <Td numeric>{row.ttft_ms === null ? "–" : formats.duration(row.ttft_ms)}</Td>
        </tr>
      ))}
    </Table>
  );
}
