// The last two cells of a model: its price, which opens the dialog, and what its use would have cost.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Td } from "@/ui/Table";
import type { UsageLog, UsageRow } from "./figures";
import { costText, priceText } from "./money";
import { PriceDialog } from "./PriceDialog";

export function PriceCells({ row, kind }: { row: UsageRow; kind: UsageLog["kind"] }) {
  const { t, i18n } = useTranslation("usage");
  const [isOpen, setIsOpen] = useState(false);
  const price = row.price;
  const told = price ? `${priceText(i18n.language, price.currency, price.per_million_in)} / ${priceText(i18n.language, price.currency, price.per_million_out)}` : null;
  return (
    <>
      <Td className="min-w-36 text-right">
        <Button
          size="sm"
          variant="quiet"
          className="-my-1.5 -mr-2.5 text-right whitespace-normal tnum"
          aria-label={told ? t("price.change", { price: `${row.model_id}, ${told}` }) : t("price.enter_for", { model: row.model_id })}
          onClick={() => setIsOpen(true)}
        >
          {told ?? t("price.enter")}
        </Button>
        {isOpen ? <PriceDialog row={row} kind={kind} onClose={() => setIsOpen(false)} /> : null}
      </Td>
      <Td numeric className="whitespace-nowrap">{row.cost ? (costText(i18n.language, row.cost, row.calls) ?? "–") : "–"}</Td>
    </>
  );
}
