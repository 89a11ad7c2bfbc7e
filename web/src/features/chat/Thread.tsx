// The conversation as a document. Old turns cost nothing until they are scrolled to; only the live one renders while it grows.
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { isPressed } from "@/ui/shortcuts";
import { MessageFiles } from "./attachments/Late";
import { AnswerTurn, type AnswerTurnProps } from "./AnswerTurn";
import { switchesOf } from "./alias";
import { Stretch, stretchesOf } from "./Stretch";
import { SwitchLine } from "./SwitchLine";
import type { Turn } from "./tree";
import type { ModelChoice } from "./useModelChoice";
import type { Outgoing } from "./useSend";
import { UserTurn, type UserTurnProps } from "./UserTurn";

export interface ThreadProps {
  /** Null: it begins with what is pending. */
  conversationId: string | null;
  choice: ModelChoice;
  branch: readonly Turn[];
  pending: Outgoing | null;
  /** Name of the model the pending message goes to. */
  pendingName: string;
  locked: boolean;
  /** Gives the last question room to stand at the top of the page, with its answer growing below. */
  hasRoom: boolean;
  onAskAgain: UserTurnProps["onAskAgain"];
  onKeep: UserTurnProps["onKeep"];
  onShow: UserTurnProps["onShow"];
  onAnother: AnswerTurnProps["onAnother"];
  onCompare: AnswerTurnProps["onCompare"];
  /** A message that must be among those that are shown. */
  wantedId: string | null;
  onOver: AnswerTurnProps["onOver"];
  /** Stands in the place of the last answer: several, side by side. */
  lastInstead: ReactNode;
  /** Stands below the last answer. */
  lastBelow: ReactNode;
}

const shownAtFirst = 60;

function moveBetweenTurns(event: KeyboardEvent<HTMLElement>): void {
  if (!isPressed("turns", event)) return;
  const turns = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-turn]")];
  const at = turns.findIndex((turn) => turn.contains(document.activeElement));
  const next = turns[at === -1 ? turns.length - 1 : at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "start" });
}

export function Thread({ conversationId, choice, branch, pending, pendingName, locked, hasRoom, onAskAgain, onKeep, onShow, onAnother, onCompare, wantedId, onOver, lastInstead, lastBelow }: ThreadProps) {
  const { t } = useTranslation(["chat", "common"]);
  const [isWhole, setIsWhole] = useState(false);
  useEffect(() => {
    // Paper gets the whole conversation, and the browser takes the page as it is when this returns.
    const showAll = () => flushSync(() => setIsWhole(true));
    addEventListener("beforeprint", showAll);
    return () => removeEventListener("beforeprint", showAll);
  }, []);
  const shown = useMemo(
    () => (isWhole || branch.slice(0, -shownAtFirst).some((turn) => turn.message.id === wantedId) ? branch : branch.slice(-shownAtFirst)),
    [branch, isWhole, wantedId],
  );
  // An edit shows from where it branches off, at once. What it replaces stays mounted: if sending fails, it is back as it was.
  const cutAt = pending ? branch.findIndex((turn) => turn.message.parent_id === pending.parentId) : -1;
  const isPending = pending !== null;
  const { ref: modelRef, model } = choice;
  const knownRef = model ? modelRef : null;
  const modelName = model?.name ?? "";
  // Kept while nothing of it changes: of a thousand turns not one is looked at because an answer grows or the page is scrolled.
  const stretches = useMemo(() => {
    const skipped = branch.length - shown.length;
    const switches = switchesOf(branch);
    const row = (index: number, isLocked: boolean) => {
      const turn = shown[index];
      if (!turn) return null;
      const { message, siblings } = turn;
      const turned = switches.get(turn);
      const isLast = index === shown.length - 1;
      const isReplaced = cutAt !== -1 && skipped + index >= cutAt;
      return (
        <div key={message.id} hidden={isReplaced} data-last={isLast || undefined} className={isLast && hasRoom && !isPending ? "min-h-[calc(100dvh-19.5rem)] print:min-h-0" : undefined}>
          {/* Of several side by side none is "the" next model. */}
          {turned && !(lastInstead && index === shown.length - 2) ? <SwitchLine {...turned} /> : null}
          {message.role === "user" ? (
            <UserTurn conversationId={conversationId ?? ""} modelRef={knownRef} modelName={modelName} message={message} siblings={siblings} locked={isLocked} onAskAgain={onAskAgain} onKeep={onKeep} onAnother={onAnother} onShow={onShow} />
          ) : isLast && lastInstead ? lastInstead : (
            <AnswerTurn message={message} siblings={siblings} locked={isLocked} onAnother={onAnother} onCompare={onCompare} onShow={onShow} onOver={onOver} />
          )}
          {isLast ? lastBelow : null}
        </div>
      );
    };
    return stretchesOf(shown.length, skipped).map(({ key, from, to }) => ({
      key, count: to - from, isReplaced: cutAt !== -1 && skipped + from >= cutAt, rows: (isLocked: boolean) => Array.from({ length: to - from }, (_, at) => row(from + at, isLocked)),
    }));
  }, [shown, branch, cutAt, hasRoom, isPending, lastInstead, lastBelow, conversationId, knownRef, modelName, onAskAgain, onKeep, onShow, onAnother, onCompare, onOver]);
  return (
    // No live region, not even one that is off: dialogs leave those readable behind them. What is told aloud is in ui/Announcer.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Alt+Up and Alt+Down move between turns
    <div role="region" data-thread aria-label={t("thread.label")} aria-busy={locked} tabIndex={-1} onKeyDown={moveBetweenTurns} className="flex-1 pb-6 -outline-offset-2">
      {branch.length > shown.length ? (
        <div className="flex justify-center pt-6 print:hidden">
          <Button onClick={() => setIsWhole(true)}>{t("thread.earlier", { count: branch.length - shown.length })}</Button>
        </div>
      ) : null}
      {stretches.map(({ key, ...stretch }) => <Stretch key={key} {...stretch} locked={locked} />)}
      {pending ? <PendingTurn outgoing={pending} name={pendingName} /> : null}
    </div>
  );
}

function PendingTurn({ outgoing, name }: { outgoing: Outgoing; name: string }) {
  const { t } = useTranslation(["chat", "common"]);
  return (
    <div className="thread-grid min-h-[calc(100dvh-14rem)] content-start pt-7">
      <div className="min-w-0 xl:col-start-2">
        <MessageFiles files={outgoing.attachments} />
        {outgoing.text ? <div className="rounded-lg border border-line bg-surface px-4 py-2.5 text-read whitespace-pre-wrap wrap-anywhere">{outgoing.text}</div> : null}
        <p className="flex items-center gap-2.5 pt-6 text-muted">
          <span aria-hidden="true" className="size-2 animate-pulse rounded-full bg-edge" />
          {t("wait.model", { name })}
        </p>
      </div>
    </div>
  );
}
