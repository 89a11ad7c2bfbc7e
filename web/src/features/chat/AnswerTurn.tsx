// One answer: the spine in the colour of its origin, the text as it is or as it grows, and what can be done with it.
import { Check, ChevronDown, Copy, RefreshCw } from "lucide-react";
import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { cutBlocks } from "@/stream/blocks";
import type { LiveReply, LiveSnapshot } from "@/stream/liveReply";
import { Button, IconButton } from "@/ui/Button";
import { Note } from "@/ui/States";
import { useCopy } from "@/ui/useCopy";
import { BranchCounter } from "./BranchCounter";
import { MarginNote } from "./MarginNote";
import { MarkdownBlock } from "./Markdown";
import { ModelPicker } from "./ModelPicker";
import { ReplyOutcome } from "./ReplyOutcome";
import { useLiveReply } from "./replies";
import type { Message } from "./tree";
import { useLongState } from "./useLongState";

export interface AnswerTurnProps {
  message: Message;
  siblings: readonly string[];
  locked: boolean;
  onRegenerate: (messageId: string, modelRef: string | null) => void;
  onShow: (id: string) => void;
  /** Must be stable. */
  onOver: (messageId: string, live: LiveReply) => void;
}

const reconnectNoticeAfterMs = 3_000;

export const AnswerTurn = memo(function AnswerTurn({ message, siblings, locked, onRegenerate, onShow, onOver }: AnswerTurnProps) {
  const { t } = useTranslation(["chat", "common"]);
  const receipt = message.reply;
  const isRunning = receipt?.state === "running";
  const over = useMemo(() => (live: LiveReply) => onOver(message.id, live), [message.id, onOver]);
  const live = useLiveReply(isRunning && receipt ? receipt.reply_id : null, over);
  const stored = useMemo(() => cutBlocks(message.text), [message.text]);
  const blocks = live && (live.settled.length > 0 || live.tail.length > 0) ? [...live.settled, ...live.tail] : stored;
  const reasoning = live?.reasoning || message.reasoning;
  if (!receipt) return null;
  const shownReceipt = live?.receipt ?? receipt;
  const hasText = blocks.length > 0;
  return (
    <article
      aria-label={t("turn.answer", { name: receipt.model_name })}
      id={`m-${message.id}`}
      tabIndex={-1}
      data-turn
      data-origin={receipt.origin}
      aria-busy={isRunning}
      className="turn thread-grid group/turn pt-1 outline-none"
    >
      <div className="pb-2 xl:pb-0"><MarginNote receipt={shownReceipt} /></div>
      <div className="relative min-w-0 pl-4 xl:col-start-2 xl:pl-0">
        <div aria-hidden="true" className="absolute inset-y-0 left-0 w-[3px] rounded-full bg-origin xl:-left-6" />
        {reasoning ? <Reasoning text={reasoning} isThinking={isRunning && !hasText} /> : null}
        <div className="answer" data-live={isRunning && hasText ? "" : undefined}>
          {/* Blocks only ever grow at the end, so their place is their identity. */}
          {/* oxlint-disable-next-line react/no-array-index-key */}
          {blocks.map((raw, index) => <MarkdownBlock key={index} raw={raw} />)}
        </div>
        {isRunning && live ? <Waiting live={live} name={receipt.model_name} hasText={hasText || reasoning !== ""} /> : null}
        {isRunning ? null : <ReplyOutcome receipt={receipt} hasText={hasText} />}
        {!isRunning && !hasText && receipt.state === "done" ? <p className="text-muted">{t("outcome.empty")}</p> : null}
      </div>
      {isRunning ? null : (
        <AnswerTools message={message} siblings={siblings} locked={locked} onRegenerate={onRegenerate} onShow={onShow} />
      )}
    </article>
  );
});

function AnswerTools({ message, siblings, locked, onRegenerate, onShow }: Omit<AnswerTurnProps, "onOver">) {
  const { t } = useTranslation(["chat", "common"]);
  const { copied, copy } = useCopy();
  const isWhole = message.reply?.state === "done";
  return (
    <div className="turn-tools flex min-h-9 flex-wrap items-center gap-0.5 pt-1 pl-2.5 xl:col-start-2 xl:-ml-2 xl:pl-0">
      <BranchCounter id={message.id} siblings={siblings} onShow={onShow} disabled={locked} />
      <span className={isWhole ? "tools-fade flex items-center" : "flex items-center"}>
        {message.text ? (
          <IconButton label={copied ? t("copy.done") : t("copy.answer")} onClick={() => copy(message.text)}>
            {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
          </IconButton>
        ) : null}
        <Button variant="quiet" size="sm" aria-disabled={locked || undefined} onClick={() => !locked && onRegenerate(message.id, null)}>
          <RefreshCw aria-hidden="true" />
          {t("regenerate.same")}
        </Button>
        <ModelPicker
          value={message.reply?.model_ref ?? null}
          onPick={(ref) => !locked && onRegenerate(message.id, ref)}
          trigger={<Button variant="quiet" size="sm" aria-disabled={locked || undefined}>{t("regenerate.other")}<ChevronDown aria-hidden="true" /></Button>}
        />
      </span>
    </div>
  );
}

function Waiting({ live, name, hasText }: { live: LiveSnapshot; name: string; hasText: boolean }) {
  const { t } = useTranslation(["chat", "common"]);
  const isLost = useLongState(live.link === "reconnecting", reconnectNoticeAfterMs);
  if (live.error) return <div className="pt-3"><Note tone="danger">{asProblem(live.error).message}</Note></div>;
  if (isLost) return <p className="pt-2 text-sm text-warn">{t("wait.reconnecting")}</p>;
  if (hasText) return null;
  return (
    <p className="flex items-center gap-2.5 text-muted">
      <span aria-hidden="true" className="size-2 animate-pulse rounded-full bg-origin" />
      {t("wait.model", { name })}
    </p>
  );
}

function Reasoning({ text, isThinking }: { text: string; isThinking: boolean }) {
  const { t } = useTranslation(["chat", "common"]);
  return (
    <details className="mb-3 text-sm text-muted">
      <summary className="inline-flex min-h-7 items-center gap-1.5 rounded font-semibold hover:text-ink">{isThinking ? t("reasoning.running") : t("reasoning.title")}</summary>
      <div className="mt-1 border-l border-line pl-3 whitespace-pre-wrap wrap-anywhere">{text}</div>
    </details>
  );
}
