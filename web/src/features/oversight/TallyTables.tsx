// The tally in figures: each model over all its comparisons, and each two that answered the same questions.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { OriginMark } from "@/ui/Badge";
import { Table, Td, Th } from "@/ui/Table";
import type { TallyPart } from "./queries";

export function ModelTable({ part, label }: { part: TallyPart; label: string }) {
  const { t } = useTranslation("oversight");
  const { number } = useFormats();
  return (
    <Table label={label} head={<><Th>{t("tally.model")}</Th><Th numeric>{t("tally.wins")}</Th><Th numeric>{t("tally.losses")}</Th><Th numeric>{t("tally.tied")}</Th><Th numeric>{t("tally.none")}</Th></>}>
      {part.models.map((model) => (
        <tr key={`${model.model_ref} ${model.name} ${model.model_id} ${model.connection_name}`}>
          <Td className="min-w-44">
            <span className="block font-semibold wrap-anywhere">{model.name}</span>
            <span className="flex flex-wrap gap-x-2 text-xs text-muted"><OriginMark origin={model.origin} quiet />{model.connection_name}</span>
          </Td>
          <Td numeric>{number(model.wins)}</Td>
          <Td numeric>{number(model.losses)}</Td>
          <Td numeric>{number(model.ties)}</Td>
          <Td numeric>{number(model.nones)}</Td>
        </tr>
      ))}
    </Table>
  );
}

export function PairTable({ part, label }: { part: TallyPart; label: string }) {
  const { t } = useTranslation("oversight");
  const { number, percent } = useFormats();
  return (
    <Table label={label} head={<><Th>{t("tally.pair")}</Th><Th numeric>{t("tally.firstWins")}</Th><Th numeric>{t("tally.secondWins")}</Th><Th numeric>{t("tally.tied")}</Th><Th numeric>{t("tally.none")}</Th><Th numeric>{t("tally.interval")}</Th></>}>
      {part.pairs.map((pair) => (
        <tr key={`${pair.first} ${pair.second}`}>
          <Td className="min-w-44 wrap-anywhere">{t("tally.against", { first: part.models[pair.first]?.name ?? "", second: part.models[pair.second]?.name ?? "" })}</Td>
          <Td numeric>{number(pair.wins)}</Td>
          <Td numeric>{number(pair.losses)}</Td>
          <Td numeric>{number(pair.ties)}</Td>
          <Td numeric>{number(pair.nones)}</Td>
          <Td numeric className="whitespace-nowrap">{pair.wins + pair.losses > 0 ? `${percent(pair.low)} – ${percent(pair.high)}` : "–"}</Td>
        </tr>
      ))}
    </Table>
  );
}
