// Thread and composer together: sending, stopping, asking again, switching versions.
import { useQueryClient } from "@tanstack/react-query";
import { ArrowDown, Columns2 } from "lucide-react";
import { Suspense, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigationType } from "react-router";
import { asProblem, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import type { LiveReply } from "@/stream/liveReply";
import { announce, notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { AskBefore } from "./attachments/Late";
import type { Attachment } from "./attachments/kinds";
import { useToldBefore } from "./attachments/useToldBefore";
import { AliasNote } from "./AliasMarks";
import { Composer, type ComposerHandle } from "./Composer";
import { useComparison } from "./compare/data";
import { withTexts } from "./compare/load";
import { useSeveral } from "./compare/useSeveral";
import { ConversationHeader } from "./ConversationHeader";
import { type Again, conversationChanged, useMoveHead, useRegenerate } from "./data";
import { FirstSteps } from "./FirstSteps";
import { leavesOwnHardware, zonesOf } from "./leaving";
import { lookForTitle } from "./lateTitle";
import { SealContext } from "./seal";
import { lookAtState } from "./stateAfter";
import { useAsOpenChat } from "./openChat";
import { Thread } from "./Thread";
import { type Conversation, followed, lastModel, type Message, newestLeaf, runningReply, visibleBranch, withMessages } from "./tree";
import { useEnded } from "./useEnded";
import { useFollow } from "./useFollow";
import { useMessageLink } from "./useMessageLink";
import { useModelChoice } from "./useModelChoice";
import { useSealOf } from "./useSealOf";
import { useLeaving } from "./useLeaving";
import { type Outgoing, refsOf, useSend } from "./useSend";
import { useStop } from "./useStop";
import { useStopByEscape } from "./useStopByEscape";

const ComparisonTurn = withTexts(() => import("./compare/ComparisonTurn"));
const Leaving = withTexts(() => import("./Leaving"), "sealing");
const CompareAgain = withTexts(() => import("./compare/CompareAgain"));

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
  const compared = useComparison(conversation, branch);
  const { open, folded } = compared;
  const running = compared.running[0] ?? runningReply(branch);
  const lastReply = branch.findLast((turn) => turn.message.reply)?.message.reply ?? null;
  const seal = useSealOf(conversation);
  const choice = useModelChoice(lastModel(branch, conversation) ?? wantedModel, seal);
  const several = useSeveral(choice, seal);
  const { send: sendOut, ...sender } = useSend(id, { fresh: seal.fresh, shown: seal.zones });
  const regenerate = useRegenerate(id ?? "");
  const moveHead = useMoveHead(id ?? "");
  const { signal, grows, isBehind, jump } = useFollow();
  const composer = useRef<ComposerHandle>(null);
  const [hasSent, setHasSent] = useState(justSent);
  const leaving = useLeaving(sender.failed, sender.forget);
  const { mayGoTo, ask } = leaving;
  const send = useCallback((outgoing: Outgoing, onBegun?: (id: string) => void): Promise<boolean> => {
    signal({ kind: "sent" });
    setHasSent(true);
    return sendOut({ ...outgoing, mayLeave: mayGoTo(refsOf(outgoing)) }, onBegun);
  }, [sendOut, signal, mayGoTo]);
  const sendText = async (text: string, attachments: readonly Attachment[], onBegun: (id: string) => void) => {
    const toSeveral = several.isOn ? { several: { refs: several.models.map((model) => model.ref), blind: several.isBlind } } : {};
    const isStored = await send({ text, parentId: followed(conversation), modelRef: choice.ref ?? "", attachments, ...toSeveral }, onBegun);
    if (isStored && several.isOn) several.toggle();
    return isStored;
  };

  const toField = () => composer.current?.focus();
  useAsOpenChat({ seal: seal.open, modelRef: choice.ref, focus: toField, choose: (ref) => (several.isOn && several.toggle(), choice.choose(ref), toField()) });

  const failed = sender.failed;
  // Words from the field may have been changed since; an edit goes out again as it was.
  const failedEdit = failed && (failed.outgoing.isEdit || failed.outgoing.parentId !== followed(conversation)) ? failed.outgoing : null;
  const retry = () => (failedEdit ? void send(failedEdit) : composer.current?.submit());
  // After a refusal the same again is no way out; another model and "Send" are.
  const canRetry = failed?.problem.retryable || failedEdit;

  const refusedRef = failed?.outgoing.several?.refs[Number(failed.problem.field?.replace("model_refs.", ""))];
  const refusedName = several.models.find((model) => model.ref === refusedRef)?.name;

  const { mutate: moveTo } = moveHead;
  // Stable, as what old turns are given must be: else each new message would render all before it.
  const read = useCallback(() => client.getQueryData<Conversation>(keys.conversation(id ?? "")), [client, id]);
  const isLocked = useRef(false);
  const onShow = useCallback((messageId: string) => {
    const now = read();
    if (now && !isLocked.current) moveTo(newestLeaf(now, messageId));
  }, [read, moveTo]);
  const onFound = useCallback(() => signal({ kind: "reader-left" }), [signal]);
  const { wantedId } = useMessageLink(conversation, branch, moveTo, onFound);
  const { mutate: again } = regenerate;
  const { choose } = choice;
  const another = useCallback((wish: Again) => {
    signal({ kind: "sent" });
    const ref = wish.modelRef ?? read()?.messages.find((m) => m.id === wish.messageId)?.reply?.model_ref ?? "";
    again({ ...wish, mayLeave: mayGoTo([ref]) }, {
      // Whatever answers last here is where the next message goes; what was refused answers nothing.
      onSuccess: () => choose(ref),
      onError: (error) => (asProblem(error).code === leavesOwnHardware ? ask(wish, ref) : notify(asProblem(error).message, "danger")),
    });
  }, [again, signal, choose, read, mayGoTo, ask]);
  const locked = running !== null || sender.pending !== null || regenerate.isPending;
  // Buttons that nobody sees may not know it yet.
  useLayoutEffect(() => void (isLocked.current = locked), [locked]);
  const told = useToldBefore(id, locked, another);
  const leave = () => leaving.leave(another, retry);
  const [comparedId, setComparedId] = useState<string | null>(null);
  const onCompared = (comparisonId: string) => (signal({ kind: "sent" }), compared.unfold(comparisonId));
  const onCompare = useCallback((messageId: string) => void (isLocked.current || setComparedId(messageId)), []);
  const onAskAgain = useCallback(async (message: Message, text: string) => {
    return !isLocked.current && send({ text, parentId: message.parent_id, modelRef: choice.ref ?? "", attachments: message.attachments, isEdit: true });
  }, [send, choice.ref]);
  const onKeep = useCallback(async (message: Message, text: string) => {
    if (isLocked.current || !id) return false;
    try {
      await (await import("./keepVersion")).keepVersion(client, id, message, text);
      return true;
    } catch (error) {
      notify(asProblem(error).message, "danger");
      return false;
    }
  }, [client, id]);
  const onEnded = useCallback((receipt: Schemas["Receipt"]) => {
    if (!id) return;
    lookAtState(client, receipt);
    signal({ kind: "finished" });
    conversationChanged(client, id);
    lookForTitle(client, id);
  }, [client, id, signal]);
  const onOver = useCallback((messageId: string, live: LiveReply) => {
    if (!id) return;
    const { receipt } = live.read();
    // An answer asked for before the end would put "running" back; what is asked for after it is the stored truth.
    void client.cancelQueries({ queryKey: keys.conversation(id) });
    if (receipt) {
      client.setQueryData<Conversation>(keys.conversation(id), (old) => {
        const message = old?.messages.find((m) => m.id === messageId);
        return old && message ? withMessages(old, [{ ...message, text: live.text, reasoning: live.reasoning, beside: live.read().beside, reply: receipt }]) : old;
      });
    }
    void client.invalidateQueries({ queryKey: keys.conversation(id) });
  }, [client, id]);
  const onColumnOver = useCallback((messageId: string, live: LiveReply) => {
    onOver(messageId, live);
    const { receipt } = live.read();
    if (receipt?.state === "failed") announce(receipt.problem?.message ?? t("live.failed"), "danger");
    if (receipt) onEnded(receipt);
  }, [onOver, onEnded, t]);
  const onLastEnded = useCallback((receipt: Schemas["Receipt"]) => {
    const isWell = receipt.state === "done" || receipt.state === "stopped";
    announce(receipt.state === "done" ? t("live.finished", { name: receipt.model_name }) : (receipt.problem?.message ?? t(`live.${receipt.state}`)), isWell ? "ok" : "danger");
    onEnded(receipt);
  }, [onEnded, t]);
  // A comparison says for itself that its answers are over.
  useEnded(open ? null : lastReply, justSent, onLastEnded);

  const { stop, isStopping } = useStop(compared.running.length > 0 ? compared.running.join(" ") : running);
  useStopByEscape(running !== null, stop);

  // A comparison says for itself that several have begun.
  const startedName = running && !open ? (lastReply?.model_name ?? "") : "";
  useEffect(() => {
    if (running && startedName) announce(t("live.started", { name: startedName }));
  }, [running, startedName, t]);

  const pastZones = useMemo(() => zonesOf(branch), [branch]);
  return (
    <SealContext value={seal.open}>
    <div ref={grows} className="flex flex-1 flex-col">
      {conversation ? <ConversationHeader conversation={conversation} /> : null}
      {branch.length === 0 && !sender.pending ? <FirstSteps choice={choice} onWrite={() => composer.current?.focus()} /> : (
        <Thread
          conversationId={id}
          choice={choice}
          branch={branch}
          pending={sender.pending}
          pendingName={several.isOn ? several.models.map((model) => model.name).join(", ") : (choice.model?.name ?? "")}
          locked={locked}
          hasRoom={hasSent}
          onAskAgain={onAskAgain}
          onKeep={onKeep}
          onShow={onShow}
          onAnother={told.ask}
          onCompare={onCompare}
          wantedId={wantedId}
          onOver={onOver}
          lastInstead={open && conversation ? (
            <Suspense fallback={<div className="min-h-80" />}>
              <ComparisonTurn key={open.id} conversation={conversation} comparison={open} siblings={branch.at(-1)?.siblings ?? []} locked={locked} onShow={onShow} onSettled={onColumnOver} onChosen={choice.choose} onKeep={() => compared.unfold(open.id)} onFold={compared.fold} onWrite={() => composer.current?.focus()} takesFocus={compared.isUnfolded} />
            </Suspense>
          ) : null}
          lastBelow={folded ? <div className="thread-grid pt-1"><div className="pl-1.5 xl:col-start-2 xl:-ml-2.5 xl:pl-0"><Button variant="quiet" size="sm" onClick={() => compared.unfold(folded.id)}><Columns2 aria-hidden="true" />{t("compare.show")}</Button></div></div> : null}
        />
      )}
      <div className="thread-grid sticky bottom-0 z-10 bg-canvas print:hidden">
        <div className="relative xl:col-start-2">
          {isBehind ? (
            <div className="absolute -top-11 right-0 left-0 flex justify-center">
              <Button size="sm" onClick={jump} className="shadow-float"><ArrowDown aria-hidden="true" />{t("thread.jump")}</Button>
            </div>
          ) : null}
          {failed && !leaving.question ? (
            <div className="pb-2">
              <Note tone="danger" actions={<>{canRetry ? <Button size="sm" variant="primary" onClick={retry}>{t("common:action.tryAgain")}</Button> : null}<Button size="sm" onClick={sender.forget}>{t("common:action.close")}</Button></>}>
                <p className="font-semibold">{refusedName ? `${refusedName}: ` : ""}{failed.problem.message}</p>
                <p>{t("send.kept")}</p>
              </Note>
            </div>
          ) : null}
          {several.isOn ? null : <AliasNote model={choice.model} last={lastReply} />}
          <Composer
            ref={composer}
            conversationId={id}
            parentId={followed(conversation)}
            choice={choice}
            several={several}
            blockedBy={!open || running || open.chosen_id ? null : t(open.blind && !open.outcome ? "destination.judge_first" : "destination.choose_answer")}
            pastZones={pastZones}
            lastName={lastReply?.model_ref ? lastReply.model_name : null}
            isRunning={running !== null}
            isStopping={isStopping}
            isSending={sender.pending !== null}
            onSend={sendText}
            onStop={stop}
            autoFocus={!conversation || justSent}
          />
        </div>
      </div>
      {told.dialog ? <AskBefore {...told.dialog} /> : null}
      {comparedId && conversation ? <Suspense><CompareAgain conversation={conversation} branch={branch} answerId={comparedId} onSent={onCompared} onClose={() => setComparedId(null)} /></Suspense> : null}
      {leaving.question ? <Suspense><Leaving question={leaving.question} messages={conversation?.messages ?? []} branch={branch} onLeave={leave} onStay={leaving.stay} /></Suspense> : null}
    </div>
    </SealContext>
  );
}
