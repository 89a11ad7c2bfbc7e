// The conversation as a document. Old turns cost nothing until they are scrolled to; only the live one renders while it grows.
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { AnswerTurn, type AnswerTurnProps } from "./AnswerTurn";
import { SwitchLine } from "./SwitchLine";
import type { Turn } from "./tree";
import type { Outgoing } from "./useSend";
import { UserTurn, type UserTurnProps } from "./UserTurn";

export interface ThreadProps {
  branch: readonly Turn[];
  pending: Outgoing | null;
  /** Name of the model the pending message goes to. */
  pendingName: string;
  locked: boolean;
  /** Gives the last question room to stand at the top of the page. */
  roomAfter: string | null;
  onAskAgain: UserTurnProps["onAskAgain"];
  onShow: UserTurnProps["onShow"];
  onRegenerate: AnswerTurnProps["onRegenerate"];
  onOver: AnswerTurnProps["onOver"];
}

const shownAtFirst = 60;

function moveBetweenTurns(event: KeyboardEvent<HTMLElement>): void {
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  const turns = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-turn]")];
  const at = turns.findIndex((turn) => turn.contains(document.activeElement));
  const next = turns[at === -1 ? turns.length - 1 : at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "start" });
}

export function Thread({ branch, pending, pendingName, locked, roomAfter, onAskAgain, onShow, onRegenerate, onOver }: ThreadProps) {
  const { t } = useTranslation(["chat", "common"]);
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? branch : branch.slice(-shownAtFirst);
  // An edit shows from where it branches off, at once.
  const cutAt = pending ? branch.findIndex((turn) => turn.message.parent_id === pending.parentId) : -1;
  const visible = cutAt === -1 ? shown : shown.filter((turn) => branch.indexOf(turn) < cutAt);
  const roomAt = roomAfter ? visible.findIndex((turn) => turn.message.id === roomAfter) : -1;
  const rows = visible.map((turn) => {
    const { message, siblings } = turn;
    if (message.role === "user") return <UserTurn key={message.id} message={message} siblings={siblings} locked={locked} onAskAgain={onAskAgain} onShow={onShow} />;
    return <AnswerTurn key={message.id} message={message} siblings={siblings} locked={locked} onRegenerate={onRegenerate} onShow={onShow} onOver={onOver} />;
  });
  const lines = rows.map((row, index) => [<SwitchLine key={`switch-${row.key}`} branch={branch} turn={visible[index]} />, row]);
  const head = roomAt === -1 ? lines : lines.slice(0, roomAt);
  const tail = roomAt === -1 ? [] : lines.slice(roomAt);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Alt+Up and Alt+Down move between turns
    <div role="log" aria-live="off" aria-label={t("thread.label")} aria-busy={locked} tabIndex={-1} onKeyDown={moveBetweenTurns} className="flex-1 pb-6 outline-none">
      {branch.length > shown.length ? (
        <div className="flex justify-center pt-6">
          <Button onClick={() => setIsWhole(true)}>{t("thread.earlier", { count: branch.length - shown.length })}</Button>
        </div>
      ) : null}
      {head}
      {tail.length > 0 ? <div className="min-h-[calc(100dvh-14rem)] scroll-mt-16" data-room>{tail}</div> : null}
      {pending ? <PendingTurn outgoing={pending} name={pendingName} /> : null}
    </div>
  );
}

function PendingTurn({ outgoing, name }: { outgoing: Outgoing; name: string }) {
  const { t } = useTranslation(["chat", "common"]);
  return (
    <div className="thread-grid min-h-[calc(100dvh-14rem)] content-start pt-7" data-room>
      <div className="min-w-0 xl:col-start-2">
        <div className="rounded-lg border border-line bg-surface px-4 py-2.5 text-read whitespace-pre-wrap wrap-anywhere">{outgoing.text}</div>
        <p className="flex items-center gap-2.5 pt-6 text-muted">
          <span aria-hidden="true" className="size-2 animate-pulse rounded-full bg-edge" />
          {t("wait.model", { name })}
        </p>
      </div>
    </div>
  );
}
