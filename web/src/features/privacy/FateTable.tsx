// What becomes of what, in one table: what goes, what gets another id, what stays and why.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Badge } from "@/ui/Badge";
import { Table, Td, Th } from "@/ui/Table";
import { inOrder } from "./fates";
import type { Fate } from "./queries";

const tones = { goes: "danger", pseudonym: "neutral", stays: "warn" } as const;

export function FateTable({ lines, label }: { lines: readonly Fate[]; label: string }) {
  const { t } = useTranslation("privacy");
  const formats = useFormats();
  const merged = inOrder(lines);
  if (merged.length === 0) return <p className="text-sm text-muted">{t("fate.nothing")}</p>;
  return (
    <Table label={label} head={<><Th>{t("fate.what")}</Th><Th numeric>{t("fate.rows")}</Th><Th>{t("fate.way")}</Th></>}>
      {merged.map((line) => (
        <tr key={`${line.way} ${line.matter}`}>
          <Td>{line.matter}{line.why ? <p className="max-w-md pt-1 text-muted">{line.why}</p> : null}</Td>
          <Td numeric>{formats.number(line.rows)}</Td>
          <Td><Badge tone={tones[line.way]}>{t(`fate.${line.way}`)}</Badge></Td>
        </tr>
      ))}
    </Table>
  );
}
