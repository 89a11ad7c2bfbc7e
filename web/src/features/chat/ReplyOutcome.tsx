// How a reply ended when it did not end well, in a sentence with the next step. What had arrived stays above it.
import { StepForward } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { outcomeOf } from "./outcome";

type Receipt = Schemas["Receipt"];

/** `onContinue` puts "Continue" beside a stop by length; null for whoever may only read. */
export function ReplyOutcome({ receipt, hasText, onContinue = null }: { receipt: Receipt; hasText: boolean; onContinue?: (() => void) | null }) {
  const { t } = useTranslation(["chat", "common"]);
  const outcome = outcomeOf(receipt);
  if (!outcome) return null;
  if (outcome === "stopped") return <p className="pt-3 text-sm text-muted">{hasText ? t("outcome.stopped") : t("outcome.stoppedEmpty")}</p>;
  const words = {
    interrupted: hasText ? t("outcome.interrupted") : t("outcome.interruptedEmpty"),
    failed: hasText ? t("outcome.failed") : t("outcome.failedEmpty", { name: receipt.model_name }),
    cut: hasText ? t("outcome.cut") : t("outcome.cutEmpty"),
    paused: t("outcome.paused"),
    declined: t("outcome.declined"),
    filtered: t("outcome.filtered"),
    noted: "",
  };
  // Of what failed the server's sentence names the cause and the next step; ours stands in where there is none.
  const own = receipt.state === "done" || !receipt.problem ? words[outcome] : "";
  const said = [own, receipt.problem?.message ?? ""].filter((sentence) => sentence !== "");
  const isCalm = outcome === "declined" || outcome === "filtered" || outcome === "cut" || outcome === "paused";
  const goesOn = onContinue !== null && (outcome === "cut" || outcome === "paused");
  return (
    <div className={hasText ? "pt-4" : ""}>
      <Note
        tone={outcome === "failed" ? "danger" : isCalm ? "info" : "warn"}
        // Told once by the view, when it happens; not again by each failed answer of a conversation that is opened.
        silent
        actions={goesOn ? <Button size="sm" onClick={onContinue}><StepForward aria-hidden="true" />{t("continue.action")}</Button> : null}
      >
        {said.map((sentence) => <p key={sentence}>{sentence}</p>)}
      </Note>
    </div>
  );
}
