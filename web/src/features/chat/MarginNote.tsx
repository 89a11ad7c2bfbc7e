// Beside every answer: which model, on whose hardware or contract, how many tokens. The receipt is one click away.
import { Receipt as ReceiptIcon } from "lucide-react";
import { lazy, memo, type ReactElement, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { andTexts } from "@/i18n";
import { OriginMark } from "@/ui/Badge";
import { Popover } from "@/ui/Popover";
import { useTokenWords } from "./tokens";

type Receipt = Schemas["Receipt"];

// Most answers are read without it.
const ReceiptTable = lazy(async () => {
  const module = await andTexts(import("./ReceiptTable"), "sealing", "later");
  return { default: module.ReceiptTable };
});

// Memoised, because the answer beside it renders many times while it grows.
export const MarginNote = memo(function MarginNote({ receipt }: { receipt: Receipt }) {
  const words = useTokenWords();
  return (
    <div className="flex flex-wrap items-center gap-x-2.5 gap-y-0.5 text-xs text-muted xl:flex-col xl:items-end xl:text-right">
      <span className="text-ink wrap-anywhere">{receipt.alias ? `${receipt.alias.name} → ` : null}<span className="font-semibold">{receipt.model_name}</span></span>
      <OriginMark origin={receipt.origin} quiet />
      {receipt.state === "running" || receipt.origin === "hidden" ? null : <ReceiptButton receipt={receipt}>{words(receipt)}</ReceiptButton>}
    </div>
  );
});

function ReceiptButton({ receipt, children }: { receipt: Receipt; children: ReactNode }) {
  const { t } = useTranslation("chat");
  return (
    <ReceiptPopover
      receipt={receipt}
      trigger={
        <button type="button" className="inline-flex min-h-6 items-center gap-1 rounded text-xs text-muted tnum link-ink hover:text-ink">
          <ReceiptIcon aria-hidden="true" className="size-3.5" />
          {children}
          <span className="sr-only">: {t("receipt.open")}</span>
        </button>
      }
    />
  );
}

/** Opens the receipt of an answer that has ended and whose model is told. */
export function ReceiptPopover({ receipt, trigger }: { receipt: Receipt; trigger: ReactElement }) {
  const { t } = useTranslation("chat");
  return (
    <Popover title={t("receipt.title")} showTitle align="end" className="w-80 p-4" trigger={trigger}>
      <Suspense fallback={<div className="h-80" />}><ReceiptTable receipt={receipt} /></Suspense>
    </Popover>
  );
}
