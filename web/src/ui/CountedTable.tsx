// What used tokens, line by line: requests, tokens in and out, and what the counts rest on. A page adds its own columns.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { failedShare, figure, rateText, type Tokens } from "./counted";
import { SourceMark } from "./SourceMark";
import { Table, Td, Th } from "./Table";

interface Counted {
  calls: number;
  failed_calls: number;
  tokens: Tokens;
}

export interface CountedTableProps<Row extends Counted> {
  label: string;
  /** What the lines are about. */
  subject: string;
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  nameOf: (row: Row) => ReactNode;
  /** Columns after the counts: heads are `Th`, cells are `Td`. */
  heads?: ReactNode;
  cells?: (row: Row) => ReactNode;
}

export function CountedTable<Row extends Counted>({ label, subject, rows, keyOf, nameOf, heads, cells }: CountedTableProps<Row>) {
  const { t, i18n } = useTranslation("oversight");
  const { number } = useFormats();
  return (
    <Table
      label={label}
      head={<><Th>{subject}</Th><Th numeric>{t("figure.calls")}</Th><Th numeric>{t("figure.tokens_in")}</Th><Th numeric>{t("figure.tokens_out")}</Th><Th>{t("column.source")}</Th>{heads}</>}
    >
      {rows.map((row) => (
        <tr key={keyOf(row)}>
          <Td className="min-w-40 wrap-anywhere">{nameOf(row)}</Td>
          <Td numeric>
            {number(row.calls)}
            {row.failed_calls > 0 ? <span className="block text-xs whitespace-nowrap text-danger">{t("figure.failed", { formatted: number(row.failed_calls), share: rateText(i18n.language, failedShare(row)) })}</span> : null}
          </Td>
          <Td numeric>{figure(row.tokens.tokens_in, row.tokens, number)}</Td>
          <Td numeric>{figure(row.tokens.tokens_out, row.tokens, number)}</Td>
          <Td className="min-w-36 text-xs"><SourceMark tokens={row.tokens} /></Td>
          {cells?.(row)}
        </tr>
      ))}
    </Table>
  );
}
