// One answer of a comparison: whose it is (or a letter), the text as it grows, what it took, and what can be done with it.
import { CircleCheck, Maximize2, Minimize2, Receipt as ReceiptIcon, Square } from "lucide-react";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import type { LiveReply } from "@/stream/liveReply";
import { notify } from "@/ui/Announcer";
import { Badge, OriginMark } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { calledAs } from "../alias";
import { CopyAnswer } from "../CopyAnswer";
import { AnswerBody, useLiveAnswer } from "../AnswerBody";
import { stopReply } from "../data";
import { ReceiptPopover } from "../MarginNote";
import type { Message } from "../tree";
import { useColumnFollow } from "./useColumnFollow";

type Receipt = NonNullable<Message["reply"]>;

export interface ColumnProps {
  message: Message;
  letter: string;
  isBlind: boolean;
  place: number;
  /** Shown alone though there is room for the others. */
  isLarge: boolean;
  isBetter: boolean;
  goesOnHere: boolean;
  onSettled: (messageId: string, live: LiveReply) => void;
  /** Null where there is room for one only. Must be stable. */
  onLarge: ((place: number) => void) | null;
  /** Null while it can't be chosen. */
  onGoOn: ((messageId: string) => void) | null;
}

export const Column = memo(function Column({ message, letter, place, isBlind, isLarge, isBetter, goesOnHere, onSettled, onLarge, onGoOn }: ColumnProps) {
  const { t } = useTranslation("compare");
  const receipt = message.reply;
  const isRunning = receipt?.state === "running";
  const live = useLiveAnswer(message, onSettled);
  const box = useColumnFollow(isRunning);
  if (!receipt) return null;
  const isHidden = receipt.origin === "hidden";
  const name = isHidden ? t("column.answer", { letter }) : calledAs(receipt);
  return (
    <article
      id={`m-${message.id}`}
      tabIndex={-1}
      aria-label={isHidden ? name : t("column.named", { letter, name })}
      aria-busy={isRunning}
      data-origin={receipt.origin}
      className={cx("compare-column min-w-0 flex-col rounded-lg border bg-surface", goesOnHere || isBetter ? "border-accent" : "border-line")}
    >
      <header className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5">
        <span aria-hidden="true" className="h-4 w-1 shrink-0 rounded-full bg-origin" />
        <h3 className="min-w-0 text-sm font-semibold wrap-anywhere">{isBlind && !isHidden ? `${letter} · ${name}` : name}</h3>
        <OriginMark origin={receipt.origin} quiet className="text-xs" />
        {isBetter ? <Badge tone="ok" icon={<CircleCheck aria-hidden="true" />}>{t("column.better")}</Badge> : null}
        {onLarge ? (
          <IconButton label={t("column.large", { name })} aria-pressed={isLarge} onClick={() => onLarge(place)} data-large-switch className="-my-1 ml-auto print:hidden">
            {isLarge ? <Minimize2 aria-hidden="true" /> : <Maximize2 aria-hidden="true" />}
          </IconButton>
        ) : null}
      </header>
      {/* A region that scrolls must be reachable, or the keyboard can't scroll it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={box} role="region" aria-label={t("column.text", { name })} tabIndex={0} className="compare-text px-4 py-3">
        <div>
          <AnswerBody message={message} receipt={receipt} live={live} name={name} waiting={isHidden ? t("column.hidden") : t("column.waiting")} silent onContinue={null} />
        </div>
      </div>
      {isRunning && isHidden ? null : (
        <footer className="mt-auto flex flex-wrap items-center justify-between gap-x-3 gap-y-2 border-t border-line px-4 py-2">
          {isRunning || isHidden ? <span /> : <Facts receipt={receipt} />}
          <span className="print:hidden">{isRunning ? <StopOne replyId={receipt.reply_id} name={name} /> : <Tools message={message} name={name} goesOnHere={goesOnHere} onGoOn={onGoOn} />}</span>
        </footer>
      )}
    </article>
  );
});

function StopOne({ replyId, name }: { replyId: string; name: string }) {
  const { t } = useTranslation("compare");
  const [isStopping, setStopping] = useState(false);
  const stop = () => {
    setStopping(true);
    stopReply(replyId).catch((error: unknown) => (setStopping(false), notify(asProblem(error).message, "danger")));
  };
  return (
    <Button size="sm" onClick={stop} busy={isStopping} aria-label={t("column.stopNamed", { name })}>
      {isStopping ? null : <Square aria-hidden="true" className="fill-current" />}
      {t("column.stop")}
    </Button>
  );
}

function Tools({ message, name, goesOnHere, onGoOn }: { message: Message; name: string; goesOnHere: boolean; onGoOn: ColumnProps["onGoOn"] }) {
  const { t } = useTranslation(["compare", "chat"]);
  return (
    <span className="flex flex-wrap items-center gap-1">
      {message.text ? <CopyAnswer text={message.text} /> : null}
      {message.reply && message.reply.origin !== "hidden" ? <ReceiptPopover receipt={message.reply} trigger={<IconButton label={t("chat:receipt.title")}><ReceiptIcon aria-hidden="true" /></IconButton>} /> : null}
      {goesOnHere ? <span className="text-xs font-semibold text-accent">{t("column.goesOn")}</span> : null}
      {!goesOnHere && onGoOn ? <Button size="sm" onClick={() => onGoOn(message.id)} aria-label={t("column.goOnNamed", { name })}>{t("column.goOn")}</Button> : null}
    </span>
  );
}

function Facts({ receipt }: { receipt: Receipt }) {
  const { t } = useTranslation(["compare", "chat"]);
  const { number, duration } = useFormats();
  const unknown = t("column.unknown");
  const isCounted = receipt.tokens_out !== null && receipt.count_source !== "missing";
  const figure = `${receipt.count_source === "reported" ? "" : "~"}${number(receipt.tokens_out ?? 0)}`;
  const rows: [string, string][] = [
    [t("column.tokens"), isCounted ? t("column.source", { figure, source: t(`chat:countSource.${receipt.count_source}`) }) : unknown],
    [t("column.first"), receipt.ttft_ms === null ? unknown : duration(receipt.ttft_ms)],
    [t("column.total"), receipt.duration_ms === null ? unknown : duration(receipt.duration_ms)],
  ];
  return (
    <dl className="flex flex-wrap gap-x-4 gap-y-0.5 text-xs text-muted tnum">
      {rows.map(([name, value]) => (
        <div key={name} className="flex gap-1.5">
          <dt>{name}</dt>
          <dd className="text-ink">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
