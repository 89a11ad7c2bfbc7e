// Thread and composer together: sending, stopping, asking again, switching versions.
import { useQueryClient } from "@tanstack/react-query";
import { ArrowDown } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigationType } from "react-router";
import { asProblem } from "@/api/client";
import { keys } from "@/api/queries";
import type { LiveReply } from "@/stream/liveReply";
import { announce, notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { Composer, type ComposerHandle } from "./Composer";
import { ConversationHeader } from "./ConversationHeader";
import { conversationChanged, stopReply, useMoveHead, useRegenerate } from "./data";
import { FirstSteps } from "./FirstSteps";
import { Thread } from "./Thread";
import { type Conversation, lastModel, type Message, newestLeaf, runningReply, visibleBranch, withMessages } from "./tree";
import { useFollow } from "./useFollow";
import { useModelChoice } from "./useModelChoice";
import { type Outgoing, useSend } from "./useSend";
import { useStopByEscape } from "./useStopByEscape";

/** `wantedModel`: where a new chat starts, when a link named one. */
export function ConversationView({ conversation, wantedModel = null }: { conversation: Conversation | null; wantedModel?: string | null }) {
  const { t } = useTranslation(["chat", "common"]);
  const client = useQueryClient();
  // The history keeps its state over a reload; only the way here from a new chat counts.
  const isReplaced = useNavigationType() === "REPLACE";
  const { state } = useLocation() as { state: { justSent?: boolean } | null };
  const justSent = isReplaced && state?.justSent === true;
  const id = conversation?.id ?? null;
  const branch = useMemo(() => (conversation ? visibleBranch(conversation) : []), [conversation]);
  const running = runningReply(branch);
  const lastReply = branch.findLast((turn) => turn.message.reply)?.message.reply ?? null;
  const choice = useModelChoice(lastModel(branch) ?? wantedModel);
  const { send: sendOut, ...sender } = useSend(id);
  const regenerate = useRegenerate(id ?? "");
  const moveHead = useMoveHead(id ?? "");
  const { signal, grows, isBehind, jump } = useFollow();
  const composer = useRef<ComposerHandle>(null);
  const [stopping, setStopping] = useState<string | null>(null);
  const [hasSent, setHasSent] = useState(justSent);
  const locked = running !== null || sender.pending !== null || regenerate.isPending;

  const send = useCallback((outgoing: Outgoing): Promise<boolean> => {
    signal({ kind: "sent" });
    setHasSent(true);
    return sendOut(outgoing);
  }, [sendOut, signal]);
  const sendText = (text: string) => send({ text, parentId: conversation?.head_id ?? null, modelRef: choice.ref ?? "" });

  const failed = sender.failed;
  // Words from the field may have been changed since; an edit goes out again as it was.
  const failedEdit = failed && failed.outgoing.parentId !== (conversation?.head_id ?? null) ? failed.outgoing : null;
  const retry = () => (failedEdit ? void send(failedEdit) : composer.current?.submit());
  // After a refusal the same again is no way out; another model and "Send" are.
  const canRetry = failed?.problem.retryable || failedEdit;

  const { mutate: moveTo } = moveHead;
  const onShow = useCallback((messageId: string) => conversation && moveTo(newestLeaf(conversation, messageId)), [conversation, moveTo]);
  const { mutate: again } = regenerate;
  const onRegenerate = useCallback((messageId: string, modelRef: string | null) => {
    signal({ kind: "sent" });
    again({ messageId, modelRef }, { onError: (error) => notify(asProblem(error).message, "danger") });
    // Whatever answers last here is where the next message goes.
    choice.choose(modelRef ?? conversation?.messages.find((m) => m.id === messageId)?.reply?.model_ref ?? choice.ref ?? "");
  }, [again, signal, choice, conversation]);
  const onAskAgain = useCallback((message: Message, text: string) => {
    return send({ text, parentId: message.parent_id, modelRef: choice.ref ?? "" });
  }, [send, choice.ref]);
  const onOver = useCallback((messageId: string, live: LiveReply) => {
    if (!id) return;
    const { receipt } = live.read();
    // An answer asked for before the end would put "running" back; what is asked for after it is the stored truth.
    void client.cancelQueries({ queryKey: keys.conversation(id) });
    if (receipt) {
      client.setQueryData<Conversation>(keys.conversation(id), (old) => {
        const message = old?.messages.find((m) => m.id === messageId);
        return old && message ? withMessages(old, [{ ...message, text: live.text, reasoning: live.reasoning, reply: receipt }]) : old;
      });
      announce(receipt.state === "done" ? t("live.finished", { name: receipt.model_name }) : (receipt.problem?.message ?? t(`live.${receipt.state}`)));
    }
    void client.invalidateQueries({ queryKey: keys.conversation(id) });
    signal({ kind: "finished" });
    conversationChanged(client, id);
  }, [client, id, signal, t]);

  const stop = useCallback(() => {
    if (!running) return;
    setStopping(running);
    stopReply(running).catch((error: unknown) => (setStopping(null), notify(asProblem(error).message, "danger")));
  }, [running]);
  useStopByEscape(running !== null, stop);

  const startedName = running ? (lastReply?.model_name ?? "") : "";
  useEffect(() => {
    if (running) announce(t("live.started", { name: startedName }));
  }, [running, startedName, t]);

  const pastOrigins = useMemo(() => branch.flatMap((turn) => (turn.message.reply ? [turn.message.reply.origin] : [])), [branch]);
  return (
    <div ref={grows} className="flex flex-1 flex-col">
      {conversation ? <ConversationHeader id={conversation.id} title={conversation.title} /> : null}
      {branch.length === 0 && !sender.pending ? <FirstSteps choice={choice} /> : (
        <Thread
          branch={branch}
          pending={sender.pending}
          pendingName={choice.model?.name ?? ""}
          locked={locked}
          hasRoom={hasSent}
          onAskAgain={onAskAgain}
          onShow={onShow}
          onRegenerate={onRegenerate}
          onOver={onOver}
        />
      )}
      <div className="thread-grid sticky bottom-0 z-10 bg-canvas">
        <div className="relative xl:col-start-2">
          {isBehind ? (
            <div className="absolute -top-11 right-0 left-0 flex justify-center">
              <Button size="sm" onClick={jump} className="shadow-float"><ArrowDown aria-hidden="true" />{t("thread.jump")}</Button>
            </div>
          ) : null}
          {failed ? (
            <div className="pb-2">
              <Note tone="danger" actions={<>{canRetry ? <Button size="sm" variant="primary" onClick={retry}>{t("common:action.tryAgain")}</Button> : null}<Button size="sm" onClick={sender.forget}>{t("common:action.close")}</Button></>}>
                <p className="font-semibold">{failed.problem.message}</p>
                <p>{t("send.kept")}</p>
              </Note>
            </div>
          ) : null}
          <Composer
            ref={composer}
            conversationId={id}
            choice={choice}
            pastOrigins={pastOrigins}
            lastName={lastReply?.model_name ?? null}
            isRunning={running !== null}
            isStopping={stopping !== null && stopping === running}
            isSending={sender.pending !== null}
            onSend={sendText}
            onStop={stop}
            autoFocus={!conversation || justSent}
          />
        </div>
      </div>
    </div>
  );
}
