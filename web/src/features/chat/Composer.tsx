// Where messages are written. Says before sending which model gets them and under whose control it runs.
import { ArrowUp, Square } from "lucide-react";
import { type KeyboardEvent, type Ref, Suspense, useCallback, useImperativeHandle, useLayoutEffect } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/ui/Announcer";
import { Button, IconButton } from "@/ui/Button";
import { GivesFocusBack } from "@/ui/GivesFocusBack";
import { isSendPressed } from "@/ui/shortcuts";
import { Spinner } from "@/ui/Spinner";
import type { Attachment } from "./attachments/kinds";
import { Tray, WithheldBefore } from "./attachments/Late";
import { useAttachments } from "./attachments/useAttachments";
import { useDrop } from "./attachments/useDrop";
import { useForeseen } from "./attachments/useForeseen";
import { withTexts } from "./compare/load";
import type { Several } from "./compare/useSeveral";
import { ComposerTools } from "./ComposerTools";
import { DestinationLine } from "./DestinationLine";
import type { PlaceZone } from "./leaving";
import { useDraft } from "./useDraft";
import { useGrowing } from "./useGrowing";
import type { ModelChoice } from "./useModelChoice";

const CompareChips = withTexts(() => import("./compare/CompareChips"));
const SeveralLine = withTexts(() => import("./compare/SeveralLine"));

export interface ComposerHandle {
  /** Sends what is in the field, if it can be sent. */
  submit: () => void;
  focus: () => void;
}

export interface ComposerProps {
  conversationId: string | null;
  choice: ModelChoice;
  several: Several;
  /** What has to be done before anything can be sent. */
  blockedBy: string | null;
  /** Zones that answered in this conversation so far. */
  pastZones: readonly PlaceZone[];
  /** Name of the model that last answered here, for when it is gone from the picker. */
  lastName: string | null;
  isRunning: boolean;
  isStopping: boolean;
  isSending: boolean;
  /** The message that this one follows. */
  parentId: string | null;
  /** Resolves to whether the message is stored. `onBegun`: which conversation it began. */
  onSend: (text: string, attachments: readonly Attachment[], onBegun: (conversationId: string) => void) => Promise<boolean>;
  onStop: () => void;
  autoFocus: boolean;
  ref?: Ref<ComposerHandle>;
}

/** Where a caret is at the end of any draft. */
const maxDraft = 1e9;

export function Composer({ conversationId, parentId, choice, several, blockedBy, pastZones, lastName, isRunning, isStopping, isSending, onSend, onStop, autoFocus, ref }: ComposerProps) {
  const { t } = useTranslation(["chat", "common"]);
  const draft = useDraft(conversationId);
  const { text } = draft;
  const field = useGrowing(text);
  // Not on phones: the keyboard would come up over what is being read.
  const toField = useCallback(() => (matchMedia("(pointer: fine)").matches ? field.current : null), [field]);
  const backToField = useCallback(() => field.current?.focus(), [field]);
  const attachments = useAttachments(conversationId);
  const drop = useDrop(attachments.add);
  const own = attachments.ready.map((one) => one.id);
  const asked = { conversationId, parentId, text, attachments: own };
  const foreseen = useForeseen({ ...asked, modelRef: choice.model && !several.isOn && blockedBy === null && !isRunning ? choice.ref : null });
  const modelShown = choice.isLoading ? t("common:loading") : (choice.model?.name ?? lastName ?? t("composer.noModel"));
  const modelName = choice.model?.name ?? lastName ?? "";
  useLayoutEffect(() => {
    // On phones the keyboard would cover what somebody came to read.
    if (!autoFocus || !field.current || !matchMedia("(pointer: fine)").matches) return;
    field.current.focus();
    // Somebody may be in the middle of a sentence that began in the new chat's field.
    field.current.setSelectionRange(maxDraft, maxDraft);
  }, [autoFocus, field]);

  const isReady = several.isOn ? several.isReady : choice.ref !== null && choice.model?.available === true;
  const heldBy = blockedBy ?? (attachments.holdsUp ? t(`composer.${attachments.holdsUp}`) : null);
  const canSend = (text.trim() !== "" || own.length > 0) && !isRunning && !isSending && heldBy === null && isReady;
  const submit = () => {
    if (heldBy && !isRunning) announce(heldBy);
    if (!canSend) return;
    draft.hide();
    const onBegun = (id: string) => (draft.moveTo(id), attachments.moveTo(id, own));
    void onSend(text, attachments.ready, onBegun).then((isStored) => (isStored ? (draft.settle(text), attachments.settle(own)) : draft.restore(text)));
  };
  useImperativeHandle(ref, () => ({ submit, focus: backToField }));
  const onKeyDown = (event: KeyboardEvent) => {
    // 229 is what some input methods send while a character is still being composed.
    if (!isSendPressed(event) || event.nativeEvent.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  };
  return (
    <form data-region aria-label={t("composer.region")} onSubmit={(event) => (event.preventDefault(), submit())} {...drop.handlers}>
      {isRunning ? null : <WithheldBefore foreseen={foreseen} modelName={modelName} own={own} />}
      <div className="relative rounded-xl border border-edge bg-surface focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-accent">
        {drop.isOver ? <p aria-hidden="true" className="absolute inset-0 z-10 grid place-content-center rounded-xl border-2 border-dashed border-accent bg-surface font-semibold text-accent">{t("composer.drop")}</p> : null}
        <Tray attachments={attachments} withheld={foreseen?.withheld ?? null} modelName={modelName} onRemoved={backToField} />
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label={t("composer.label")}
          aria-describedby="destination"
          placeholder={t("composer.placeholder")}
          onChange={(event) => draft.change(event.target.value)}
          onKeyDown={onKeyDown}
          className="block field-sizing-content max-h-80 min-h-12 w-full resize-none bg-transparent px-4 pt-3 pb-1.5 text-read outline-none"
        />
        {several.isOn ? <Suspense fallback={<div className="min-h-9" />}><CompareChips several={several} /></Suspense> : null}
        <div className="flex items-center justify-between gap-2 p-2">
          <ComposerTools choice={choice} several={several} modelShown={modelShown} onChooseFiles={attachments.add} onPicked={backToField} />
          {/* Each takes the other's place; whoever pressed one by keyboard is back in the field. */}
          <GivesFocusBack key={String(isRunning)} to={toField}>
            {isRunning ? (
              <Button onClick={onStop} busy={isStopping}>
                {isStopping ? null : <Square aria-hidden="true" className="fill-current" />}
                {t("composer.stop")}
              </Button>
            ) : (
              <IconButton type="submit" variant="primary" label={t("composer.send")} aria-disabled={!canSend || undefined} className="size-9 min-h-9!">
                {isSending ? <Spinner /> : <ArrowUp aria-hidden="true" />}
              </IconButton>
            )}
          </GivesFocusBack>
        </div>
      </div>
      {heldBy ? <p id="destination" className="min-h-5 px-0.5 pt-1.5 pb-3 text-xs text-warn">{heldBy}</p> : several.isOn ? (
        <Suspense fallback={<p id="destination" className="min-h-5 pt-1.5 pb-3 text-xs" />}><SeveralLine several={several} pastZones={pastZones} asked={isRunning ? null : asked} /></Suspense>
      ) : <DestinationLine choice={choice} pastZones={pastZones} lastName={lastName} />}
    </form>
  );
}
