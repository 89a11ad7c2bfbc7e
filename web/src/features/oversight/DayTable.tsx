// The chart's figures as a table, for everybody who reads rather than looks.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { countedCalls, figure } from "@/ui/counted";
import { Table, Td, Th } from "@/ui/Table";
import type { DayPoint } from "./figures";

export function DayTable({ points, label }: { points: DayPoint[]; label: string }) {
  const { t } = useTranslation("oversight");
  const formats = useFormats();
  const used = points.filter((point) => countedCalls(point.tokens) > 0).toReversed();
  return (
    <details className="pt-2 text-sm">
      <summary className="w-fit px-1 py-1 text-muted hover:text-ink">{t("chart.as_table")}</summary>
      <div className="pt-2">
        <Table label={label} head={<><Th>{t("column.day")}</Th><Th numeric>{t("figure.calls")}</Th><Th numeric>{t("figure.tokens_in")}</Th><Th numeric>{t("figure.tokens_out")}</Th></>}>
          {used.map((point) => (
            <tr key={point.day}>
              <Td>{formats.day(point.day)}</Td>
              <Td numeric>{formats.number(countedCalls(point.tokens))}</Td>
              <Td numeric>{figure(point.tokensIn, point.tokens, formats.number)}</Td>
              <Td numeric>{figure(point.tokensOut, point.tokens, formats.number)}</Td>
            </tr>
          ))}
        </Table>
      </div>
    </details>
  );
}
