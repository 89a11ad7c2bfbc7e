// What an answer says, as it is or as it grows, alone on the page or in a column: thoughts, words, what stands beside, how it ended.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { cutBlocks } from "@/stream/blocks";
import type { LiveReply, LiveSnapshot } from "@/stream/liveReply";
import { Note } from "@/ui/States";
import { BesideAnswer } from "./BesideAnswer";
import { WithheldAfter } from "./attachments/Late";
import { MarkdownBlock } from "./Markdown";
import { outcomeOf } from "./outcome";
import { Reasoning } from "./Reasoning";
import { ReplyOutcome } from "./ReplyOutcome";
import { useLiveReply } from "./replies";
import type { Message } from "./tree";
import { useLongState } from "./useLongState";

const reconnectNoticeAfterMs = 3_000;

/** Follows an answer while it is being written. `onOver` must be stable. */
export function useLiveAnswer(message: Message, onOver: (messageId: string, live: LiveReply) => void): LiveSnapshot | null {
  const over = useMemo(() => (live: LiveReply) => onOver(message.id, live), [message.id, onOver]);
  return useLiveReply(message.reply?.state === "running" ? message.reply.reply_id : null, over);
}

export interface AnswerBodyProps {
  message: Message;
  receipt: NonNullable<Message["reply"]>;
  live: LiveSnapshot | null;
  /** Whose answer it is, as the page calls it. */
  name: string;
  /** Said as long as there is nothing to read. */
  waiting: string;
  /** One of several: its thinking is not told aloud. */
  silent?: boolean;
  onContinue: (() => void) | null;
}

export function AnswerBody({ message, receipt, live, name, waiting, silent = false, onContinue }: AnswerBodyProps) {
  const { t } = useTranslation("chat");
  const stored = useMemo(() => cutBlocks(message.text), [message.text]);
  const blocks = live && (live.settled.length > 0 || live.tail.length > 0) ? [...live.settled, ...live.tail] : stored;
  const isRunning = receipt.state === "running";
  const settled = blocks === stored || live?.receipt ? blocks.length : (live?.settled.length ?? 0);
  const reasoning = live?.reasoning || message.reasoning;
  const beside = live?.beside ?? message.beside ?? null;
  const hasText = blocks.length > 0;
  const thoughtMs = live?.receipt?.thought_ms ?? receipt.thought_ms ?? live?.thoughtMs ?? null;
  return (
    <>
      {reasoning ? <Reasoning name={name} text={reasoning} isThinking={isRunning && !hasText} since={live?.thinkingSince ?? null} thoughtMs={thoughtMs} silent={silent} /> : null}
      <div className="answer" data-live={isRunning && hasText ? "" : undefined}>
        {/* Blocks only ever grow at the end, so their place is their identity. */}
        {/* oxlint-disable-next-line react/no-array-index-key */}
        {blocks.map((raw, index) => <MarkdownBlock key={index} raw={raw} isOpen={index >= settled} />)}
      </div>
      {beside ? <BesideAnswer beside={beside} isRunning={isRunning} hasText={hasText} /> : null}
      {isRunning && live ? <Waiting live={live} words={hasText || reasoning !== "" || beside !== null ? null : waiting} /> : null}
      <WithheldAfter withheld={receipt.withheld ?? null} modelName={name} />
      {isRunning ? null : <ReplyOutcome receipt={receipt} hasText={hasText} onContinue={onContinue} />}
      {!isRunning && !hasText && !beside && !outcomeOf(receipt) ? <p className="text-muted">{t("outcome.empty")}</p> : null}
    </>
  );
}

function Waiting({ live, words }: { live: LiveSnapshot; words: string | null }) {
  const { t } = useTranslation("chat");
  const isLost = useLongState(live.link === "reconnecting", reconnectNoticeAfterMs);
  if (live.error) return <div className="pt-3"><Note tone="danger">{asProblem(live.error).message}</Note></div>;
  if (isLost) return <p className="pt-2 text-sm text-warn">{t("wait.reconnecting")}</p>;
  if (words === null) return null;
  return (
    <p className="flex items-center gap-2.5 text-muted">
      <span aria-hidden="true" className="size-2 shrink-0 animate-pulse rounded-full bg-origin" />
      {words}
    </p>
  );
}
