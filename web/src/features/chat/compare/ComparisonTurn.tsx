// Several answers to one question, side by side; on a narrow screen, or where one was made large, one at a time.
import { FoldHorizontal } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import type { LiveReply } from "@/stream/liveReply";
import { announce, notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { calledAs } from "../alias";
import type { Conversation } from "../tree";
import { BranchCounter } from "../BranchCounter";
import { AnswerTabs, panelId, tabId } from "./AnswerTabs";
import { Column } from "./Column";
import "./compare.css";
import { letters, useGoOnFrom, useJudge } from "./acts";
import type { Comparison } from "./data";
import { useOneAtATime } from "./useOneAtATime";
import { VerdictBar } from "./VerdictBar";

export interface ComparisonTurnProps {
  conversation: Conversation;
  comparison: Comparison;
  /** All answers to the question, those of the comparison among them. */
  siblings: readonly string[];
  locked: boolean;
  onShow: (id: string) => void;
  /** Must be stable. */
  onSettled: (messageId: string, live: LiveReply) => void;
  /** The conversation goes on from an answer of this model. */
  onChosen: (modelRef: string) => void;
  /** Keeps it side by side though one is chosen. */
  onKeep: () => void;
  /** Shows the chosen answer alone. */
  onFold: () => void;
  /** One goes on writing below it. */
  onWrite: () => void;
  /** Whether it comes to be seen again: the button that asked for it is gone. */
  takesFocus: boolean;
}

export default function ComparisonTurn({ conversation, comparison, siblings, locked, onShow, onSettled, onChosen, onKeep, onFold, onWrite, takesFocus }: ComparisonTurnProps) {
  const { t, i18n } = useTranslation("compare");
  const answers = comparison.answer_ids.flatMap((id) => conversation.messages.find((message) => message.id === id) ?? []);
  const judge = useJudge(conversation.id, comparison.id);
  const goOn = useGoOnFrom(conversation.id, comparison.id);
  const isHidden = comparison.blind && comparison.outcome === null;
  const isRunning = answers.some((answer) => answer.reply?.state === "running");
  const names = answers.map((answer) => answer.reply?.model_name ?? "");
  const section = useRef<HTMLElement>(null);
  const { columns, isNarrow, isLarge, picked, turnTo, toggle } = useOneAtATime(section);
  const isOne = isNarrow || isLarge;
  const wantsFocus = useRef(takesFocus);
  useEffect(() => {
    if (wantsFocus.current) section.current?.focus();
    wantsFocus.current = false;
  }, []);
  const tabs = answers.map((answer, place) => ({ id: answer.id, name: isHidden ? t("column.answer", { letter: letters[place] ?? "" }) : answer.reply ? calledAs(answer.reply) : "" }));
  // The comparison is one version among those that were asked for otherwise.
  const shown = comparison.answer_ids.find((one) => one === conversation.head_id);
  const versions = siblings.filter((one) => one === shown || !comparison.answer_ids.includes(one));
  useSaid(isRunning, answers.length);

  const take = (view: Conversation, messageId: string | null) => {
    const reply = view.messages.find((message) => message.id === messageId)?.reply;
    if (reply) onChosen(reply.model_ref);
  };
  const failed = (error: Error) => notify(asProblem(error).message, "danger");
  // What was found, and the names, stay to be read. After a choice this may be gone before the promise is kept.
  const onJudge = (outcome: "better" | "tie" | "none", messageId: string | null) => {
    onKeep();
    judge.mutateAsync({ outcome, message_id: messageId }).then((view) => {
      take(view, messageId);
      const told = comparison.answer_ids.map((id, place) => `${letters[place]} ${view.messages.find((m) => m.id === id)?.reply?.model_name ?? ""}`);
      if (comparison.blind) announce(t("live.named", { names: new Intl.ListFormat(i18n.language).format(told) }));
    }, failed);
  };
  const onGoOn = (messageId: string) => {
    // The others are still being written, and read.
    if (isRunning) onKeep();
    goOn.mutateAsync({ message_id: messageId }).then((view) => {
      take(view, messageId);
      if (!isRunning) onFold();
      onWrite();
    }, failed);
  };
  const fold = () => {
    onFold();
    // The button goes with the columns.
    requestAnimationFrame(() => document.getElementById(`m-${conversation.head_id}`)?.focus());
  };

  return (
    <section ref={section} aria-label={t("region", { count: answers.length })} data-turn tabIndex={-1} data-show={isNarrow ? "narrow" : isLarge ? "large" : "all"} className="compare mx-auto w-full max-w-[1560px] px-4 pt-3 pb-2 -outline-offset-2 sm:px-8">
      {isOne ? <AnswerTabs answers={tabs} picked={picked} onPick={turnTo} /> : null}
      <div ref={columns} className="compare-columns">
        {answers.map((answer, place) => (
          // One that is not shown can't be come to by the keyboard, or it would be turned to halfway.
          <div key={answer.id} className="compare-place" data-picked={place === picked || undefined} inert={isOne && place !== picked} {...(isOne ? { role: "tabpanel", id: panelId(answer.id), "aria-labelledby": tabId(answer.id) } : {})}>
            <Column
              message={answer}
              letter={letters[place] ?? ""}
              place={place}
              isBlind={comparison.blind}
              isLarge={isLarge && place === picked}
              isBetter={comparison.better_id === answer.id}
              goesOnHere={comparison.chosen_id !== null && conversation.head_id === answer.id}
              onSettled={onSettled}
              onLarge={isNarrow ? null : toggle}
              onGoOn={isHidden ? null : onGoOn}
            />
          </div>
        ))}
      </div>
      <BranchCounter id={shown ?? ""} siblings={versions} onShow={onShow} disabled={locked} />
      {/* On paper stands a verdict, and nothing to press. */}
      <div className={cx("flex flex-col items-start gap-3 pt-2", comparison.outcome === null && "print:hidden")}>
        <VerdictBar comparison={comparison} names={names} isRunning={isRunning} isBusy={judge.isPending} onJudge={onJudge} />
        {comparison.chosen_id !== null && !isRunning ? <Button size="sm" onClick={fold} className="print:hidden"><FoldHorizontal aria-hidden="true" />{t("fold")}</Button> : null}
      </div>
    </section>
  );
}

/** One sentence when they begin and one when all are there: not one for each. */
function useSaid(isRunning: boolean, count: number): void {
  const { t } = useTranslation("compare");
  const was = useRef(false);
  useEffect(() => {
    if (isRunning !== was.current) announce(isRunning ? t("live.started", { count }) : t("live.done", { count }));
    was.current = isRunning;
  }, [isRunning, count, t]);
}
