// One answer: the spine in the colour of its origin, what it says, and what can be done with it.
import { Columns2, RefreshCw, StepForward } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { LiveReply } from "@/stream/liveReply";
import { Button } from "@/ui/Button";
import { GivesFocusBack } from "@/ui/GivesFocusBack";
import { AnswerBody, useLiveAnswer } from "./AnswerBody";
import { BranchCounter } from "./BranchCounter";
import { CopyAnswer } from "./CopyAnswer";
import type { Again } from "./data";
import { MarginNote } from "./MarginNote";
import { OtherModel } from "./OtherModel";
import { canContinue, outcomeOf } from "./outcome";
import type { Message } from "./tree";

export interface AnswerTurnProps {
  message: Message;
  siblings: readonly string[];
  locked: boolean;
  onAnother: (wish: Again) => void;
  /** Its question is put to several models. */
  onCompare: (messageId: string) => void;
  onShow: (id: string) => void;
  /** Must be stable. */
  onOver: (messageId: string, live: LiveReply) => void;
}

/** Asked again by keyboard, an answer goes with its buttons; from the conversation Alt and an arrow lead to the new one. */
const toThread = () => document.activeElement?.closest<HTMLElement>("[data-thread]");

export const AnswerTurn = memo(function AnswerTurn({ message, siblings, locked, onAnother, onCompare, onShow, onOver }: AnswerTurnProps) {
  const { t } = useTranslation(["chat", "common"]);
  const receipt = message.reply;
  const isRunning = receipt?.state === "running";
  const live = useLiveAnswer(message, onOver);
  if (!receipt) return null;
  return (
    <article
      aria-label={t("turn.answer", { name: receipt.model_name })}
      id={`m-${message.id}`}
      tabIndex={-1}
      data-turn
      data-origin={receipt.origin}
      aria-busy={isRunning}
      className="turn thread-grid group/turn pt-1 -outline-offset-2"
    >
      <div className="pb-2 xl:pb-0"><MarginNote receipt={live?.receipt ?? receipt} /></div>
      <div className="relative min-w-0 pl-4 xl:col-start-2 xl:pl-0">
        <div aria-hidden="true" data-spine className="absolute inset-y-0 left-0 w-[3px] rounded-full bg-origin xl:-left-6" />
        <AnswerBody
          message={message}
          receipt={receipt}
          live={live}
          name={receipt.model_name}
          waiting={t("wait.model", { name: receipt.model_name })}
          onContinue={canContinue(message) && !locked ? () => onAnother({ way: "continue", messageId: message.id, modelRef: null }) : null}
        />
      </div>
      {isRunning ? null : (
        <AnswerTools message={message} siblings={siblings} locked={locked} onAnother={onAnother} onCompare={onCompare} onShow={onShow} />
      )}
    </article>
  );
});

function AnswerTools({ message, siblings, locked, onAnother, onCompare, onShow }: Omit<AnswerTurnProps, "onOver">) {
  const { t } = useTranslation(["chat", "common"]);
  const outcome = message.reply ? outcomeOf(message.reply) : null;
  const isWhole = outcome === null;
  // After a stop by length it stands in the note above.
  const offersContinue = canContinue(message) && outcome !== "cut" && outcome !== "paused";
  return (
    <div className="turn-tools print:hidden flex min-h-9 flex-wrap items-center gap-0.5 pt-1 pl-2.5 xl:col-start-2 xl:-ml-2 xl:pl-0">
      <GivesFocusBack to={toThread}>
        <BranchCounter id={message.id} siblings={siblings} onShow={onShow} disabled={locked} />
        <span className={isWhole ? "tools-fade flex flex-wrap items-center" : "flex flex-wrap items-center"}>
          {message.text ? <CopyAnswer text={message.text} /> : null}
          {offersContinue ? (
            <Button variant="quiet" size="sm" aria-disabled={locked || undefined} onClick={() => !locked && onAnother({ way: "continue", messageId: message.id, modelRef: null })}>
              <StepForward aria-hidden="true" />
              {t("continue.action")}
            </Button>
          ) : null}
          <Button variant="quiet" size="sm" aria-disabled={locked || undefined} onClick={() => !locked && onAnother({ way: "regenerate", messageId: message.id, modelRef: null })}>
            <RefreshCw aria-hidden="true" />
            {t("regenerate.same")}
          </Button>
          <OtherModel message={message} locked={locked} onPick={(ref) => onAnother({ way: "regenerate", messageId: message.id, modelRef: ref })} />
          <Button variant="quiet" size="sm" aria-disabled={locked || undefined} onClick={() => !locked && onCompare(message.id)}>
            <Columns2 aria-hidden="true" />
            {t("compare.again")}
          </Button>
        </span>
      </GivesFocusBack>
    </div>
  );
}
