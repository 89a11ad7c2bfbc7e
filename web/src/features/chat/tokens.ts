// How a count is worded: a figure, a figure with "~", or that there is none. A zero is never mistaken for free (P16).
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/format";

type Receipt = Schemas["Receipt"];

export function useTokenWords(): (receipt: Receipt) => string {
  const { t } = useTranslation(["chat", "common"]);
  const { number } = useFormats();
  return (receipt) => {
    if (receipt.tokens_out === null || receipt.count_source === "missing") return t("tokens.missing");
    const figure = number(receipt.tokens_out);
    return t("tokens.count", { count: receipt.tokens_out, figure: receipt.count_source === "reported" ? figure : `~${figure}` });
  };
}
