// A question that was asked already goes to several models. The answers that are there stay, and are no columns.
import { useQueryClient } from "@tanstack/react-query";
import { Suspense, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Problem } from "@/api/client";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { newId } from "../data";
import { leavesOwnHardware, zonesOf } from "../leaving";
import { useOpenSeal } from "../seal";
import { type Conversation, questionOf, type Turn } from "../tree";
import { deliverAgain } from "./acts";
import CompareChips from "./CompareChips";
import SeveralLine from "./SeveralLine";
import { withTexts } from "./load";
import { usePicks } from "./useSeveral";

const Leaving = withTexts(() => import("../Leaving"), "sealing");

export interface CompareAgainProps {
  conversation: Conversation;
  branch: readonly Turn[];
  /** The answer below which it was asked for. */
  answerId: string;
  onSent: (comparisonId: string) => void;
  onClose: () => void;
}

export default function CompareAgain({ conversation, branch, answerId, onSent, onClose }: CompareAgainProps) {
  const { t } = useTranslation(["compare", "chat", "common"]);
  const client = useQueryClient();
  const question = questionOf(conversation, answerId);
  const answer = conversation.messages.find((one) => one.id === answerId);
  const picks = usePicks(useOpenSeal(), answer?.reply?.model_ref ?? "");
  const [state, setState] = useState<"open" | "sending" | "leaving">("open");
  const [problem, setProblem] = useState<Problem | null>(null);
  const lastTry = useRef({ wish: "", id: "" });
  const refs = picks.models.map((model) => model.ref);
  if (!question) return null;

  const send = async (mayLeave: boolean) => {
    // Sent again after a lost connection, it is the same comparison.
    const wish = JSON.stringify([refs, picks.isBlind]);
    if (lastTry.current.wish !== wish) lastTry.current = { wish, id: newId() };
    setState("sending");
    setProblem(null);
    try {
      const id = await deliverAgain(client, conversation.id, question.id, { client_id: lastTry.current.id, model_refs: refs, blind: picks.isBlind, may_leave: mayLeave });
      onClose();
      onSent(id);
    } catch (error) {
      const found = asProblem(error);
      setState(found.code === leavesOwnHardware ? "leaving" : "open");
      if (found.code !== leavesOwnHardware) setProblem(found);
    }
  };
  if (state === "leaving") return <Suspense><Leaving question={{ refs, untilId: question.id }} messages={conversation.messages} branch={branch} onLeave={() => void send(true)} onStay={() => setState("open")} /></Suspense>;
  const refused = problem?.field ? picks.models[Number(problem.field.replace("model_refs.", ""))]?.name : undefined;
  const canSend = picks.isReady && state === "open";
  const pastZones = zonesOf(branch);
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t("again.title")}
      description={<p>{t("again.text")}</p>}
      actions={
        <>
          <Button onClick={onClose}>{t("common:action.cancel")}</Button>
          <Button variant="primary" busy={state === "sending"} aria-disabled={!canSend || undefined} onClick={() => canSend && void send(false)}>{t("chat:compare.switch")}</Button>
        </>
      }
    >
      {question.text ? <blockquote className="line-clamp-3 shrink-0 border-l-2 border-line pl-3 text-sm wrap-anywhere">{question.text}</blockquote> : null}
      <div className="-mx-2"><CompareChips several={picks} /></div>
      <SeveralLine id="destination-again" several={picks} pastZones={pastZones} asked={{ conversationId: conversation.id, againId: question.id }} />
      {problem ? <p role="alert" className="text-sm text-danger">{refused ? `${refused}: ` : ""}{problem.message}</p> : null}
    </Dialog>
  );
}
