// How a reply ended when it did not end well, in a sentence with the next step. What had arrived stays above it.
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { Note } from "@/ui/States";

type Receipt = Schemas["Receipt"];
type Outcome = "stopped" | "interrupted" | "failed" | "cut" | "filtered";

/** Null when the reply is whole. */
function outcomeOf(receipt: Receipt): Outcome | null {
  if (receipt.state === "stopped" || receipt.state === "interrupted" || receipt.state === "failed") return receipt.state;
  if (receipt.state === "done" && receipt.finish_reason === "length") return "cut";
  if (receipt.state === "done" && receipt.finish_reason === "content_filter") return "filtered";
  return null;
}

export function ReplyOutcome({ receipt, hasText }: { receipt: Receipt; hasText: boolean }) {
  const { t } = useTranslation(["chat", "common"]);
  const outcome = outcomeOf(receipt);
  if (!outcome) return null;
  if (outcome === "stopped") return <p className="pt-3 text-sm text-muted">{hasText ? t("outcome.stopped") : t("outcome.stoppedEmpty")}</p>;
  const words = {
    interrupted: hasText ? t("outcome.interrupted") : t("outcome.interruptedEmpty"),
    failed: hasText ? t("outcome.failed") : t("outcome.failedEmpty", { name: receipt.model_name }),
    cut: t("outcome.cut"),
    filtered: t("outcome.filtered"),
  };
  // The server's sentence names the cause and the next step; ours stands in where there is none.
  const sentence = receipt.problem?.message ?? words[outcome];
  return (
    <div className={hasText ? "pt-4" : ""}>
      <Note tone={outcome === "failed" ? "danger" : "warn"}>{sentence}</Note>
    </div>
  );
}
