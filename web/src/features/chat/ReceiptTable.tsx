// The receipt of an answer in full: who answered, where its words went, what it took.
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { useSealWords } from "@/sealing/zones";
import { OriginMark } from "@/ui/Badge";

const finishes = ["stop", "length", "pause", "refusal", "content_filter", "tool_calls", "other"] as const;

export function ReceiptTable({ receipt }: { receipt: Schemas["Receipt"] }) {
  const { t } = useTranslation(["chat", "common", "alias", "receipt", "seals", "sealing"]);
  const sealWords = useSealWords();
  const { number, duration } = useFormats();
  const unknown = t("receipt:unknown");
  const count = (value: number | null) => (value === null ? unknown : `${receipt.count_source === "reported" ? "" : "~"}${number(value)}`);
  const reason = finishes.find((known) => known === receipt.finish_reason);
  const plain = reason ? t(`receipt:finish.${reason}`) : (receipt.finish_reason ?? unknown);
  const stated = receipt.finish_stated;
  const finish = stated && stated !== receipt.finish_reason ? `${plain} (${stated})` : plain;
  const rows: [string, string][] = [
    ...(receipt.alias ? ([[t("alias:receipt"), receipt.alias.name]] as [string, string][]) : []),
    [t("receipt:model"), receipt.model_name],
    [t("receipt:modelReported"), receipt.model_reported ?? unknown],
    [t("receipt:connection"), receipt.connection_name],
    [t("sealing:receipt.zone"), t(`seals:zone.${receipt.zone}`)],
    [t("sealing:receipt.place"), receipt.data_location || t("sealing:receipt.placeUnknown")],
    [t("sealing:receipt.seal"), receipt.sealed_to ? sealWords(receipt.sealed_to) : t("sealing:receipt.noSeal")],
    [t("receipt:tokensIn"), count(receipt.tokens_in)],
    [t("receipt:tokensOut"), count(receipt.tokens_out)],
    [t("receipt:countSource"), t(`countSource.${receipt.count_source}`)],
    [t("receipt:ttft"), receipt.ttft_ms === null ? unknown : duration(receipt.ttft_ms)],
    ...(receipt.thought_ms === null ? [] : [[t("receipt:thought"), duration(receipt.thought_ms)] as [string, string]]),
    [t("receipt:duration"), receipt.duration_ms === null ? unknown : duration(receipt.duration_ms)],
    [t("receipt:finish"), finish],
    [t("receipt:state"), t(`receipt:state.${receipt.state}`)],
  ];
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm">
      <dt className="text-muted">{t("receipt:origin")}</dt>
      <dd><OriginMark origin={receipt.origin} /></dd>
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="tnum wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
