// Beside every answer: which model, on whose hardware or contract, how many tokens. The receipt is one click away.
import { Receipt as ReceiptIcon } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { OriginMark } from "@/ui/Badge";
import { Popover } from "@/ui/Popover";
import { useTokenWords } from "./tokens";

type Receipt = Schemas["Receipt"];

// Memoised, because the answer beside it renders many times while it grows.
export const MarginNote = memo(function MarginNote({ receipt }: { receipt: Receipt }) {
  const { t } = useTranslation(["chat", "common"]);
  const words = useTokenWords();
  return (
    <div className="flex flex-wrap items-center gap-x-2.5 gap-y-0.5 text-xs text-muted xl:flex-col xl:items-end xl:text-right">
      <span className="font-semibold text-ink wrap-anywhere">{receipt.model_name}</span>
      <OriginMark origin={receipt.origin} quiet />
      {receipt.state === "running" ? null : (
        <Popover
          title={t("receipt.title")}
          showTitle
          align="end"
          className="w-80 p-4"
          trigger={
            <button type="button" className="inline-flex min-h-6 items-center gap-1 rounded tnum underline decoration-line underline-offset-3 hover:text-ink hover:decoration-current">
              <ReceiptIcon aria-hidden="true" className="size-3.5" />
              {words(receipt)}
              <span className="sr-only">: {t("receipt.open")}</span>
            </button>
          }
        >
          <ReceiptTable receipt={receipt} />
        </Popover>
      )}
    </div>
  );
});

function ReceiptTable({ receipt }: { receipt: Receipt }) {
  const { t } = useTranslation(["chat", "common"]);
  const { number, duration } = useFormats();
  const unknown = t("receipt.unknown");
  const count = (value: number | null) => (value === null ? unknown : `${receipt.count_source === "reported" ? "" : "~"}${number(value)}`);
  const rows: [string, string][] = [
    [t("receipt.model"), receipt.model_name],
    [t("receipt.modelReported"), receipt.model_reported ?? unknown],
    [t("receipt.connection"), receipt.connection_name],
    [t("receipt.tokensIn"), count(receipt.tokens_in)],
    [t("receipt.tokensOut"), count(receipt.tokens_out)],
    [t("receipt.countSource"), t(`countSource.${receipt.count_source}`)],
    [t("receipt.ttft"), receipt.ttft_ms === null ? unknown : duration(receipt.ttft_ms)],
    [t("receipt.duration"), receipt.duration_ms === null ? unknown : duration(receipt.duration_ms)],
    [t("receipt.finish"), receipt.finish_reason ?? unknown],
    [t("receipt.state"), t(`state.${receipt.state}`)],
  ];
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm">
      <dt className="text-muted">{t("receipt.origin")}</dt>
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
