// Where messages are written. Says before sending which model gets them and under whose control it runs.
import { ArrowUp, ChevronDown, Square } from "lucide-react";
import { type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { OriginName } from "@/api/queries";
import { Button, IconButton } from "@/ui/Button";
import { Spinner } from "@/ui/Spinner";
import { DestinationLine } from "./DestinationLine";
import { ModelPicker } from "./ModelPicker";
import { useDraft } from "./useDraft";
import type { ModelChoice } from "./useModelChoice";

export interface ComposerHandle {
  /** Sends what is in the field, if it can be sent. */
  submit: () => void;
}

export interface ComposerProps {
  conversationId: string | null;
  choice: ModelChoice;
  /** Origins that answered in this conversation so far. */
  pastOrigins: readonly OriginName[];
  /** Name of the model that last answered here, for when it is gone from the picker. */
  lastName: string | null;
  isRunning: boolean;
  isStopping: boolean;
  isSending: boolean;
  /** Resolves to whether the message is stored. */
  onSend: (text: string) => Promise<boolean>;
  onStop: () => void;
  autoFocus: boolean;
  ref?: Ref<ComposerHandle>;
}

const maxHeightPx = 320;

export function Composer({ conversationId, choice, pastOrigins, lastName, isRunning, isStopping, isSending, onSend, onStop, autoFocus, ref }: ComposerProps) {
  const { t } = useTranslation(["chat", "common"]);
  const field = useRef<HTMLTextAreaElement>(null);
  const draft = useDraft(conversationId);
  const { text } = draft;
  useEffect(() => {
    // On phones the keyboard would cover what somebody came to read.
    if (autoFocus && matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, [autoFocus]);
  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, maxHeightPx)}px`;
  }, [text]);

  const canSend = text.trim() !== "" && !isRunning && !isSending && choice.ref !== null && choice.model?.available === true;
  const submit = () => {
    if (!canSend) return;
    draft.hide();
    void onSend(text).then((isStored) => (isStored ? draft.settle() : draft.restore(text)));
  };
  useImperativeHandle(ref, () => ({ submit }));
  const onKeyDown = (event: KeyboardEvent) => {
    // 229 is what some input methods send while a character is still being composed.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  };
  return (
    <form data-region aria-label={t("composer.region")} onSubmit={(event) => (event.preventDefault(), submit())}>
      <div className="rounded-xl border border-edge bg-surface focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-accent">
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label={t("composer.label")}
          aria-describedby="destination"
          placeholder={t("composer.placeholder")}
          onChange={(event) => draft.change(event.target.value)}
          onKeyDown={onKeyDown}
          className="block max-h-80 min-h-12 w-full resize-none bg-transparent px-4 pt-3 pb-1.5 text-read outline-none"
        />
        <div className="flex items-center justify-between gap-2 p-2">
          <ModelPicker
            value={choice.ref}
            onPick={(model) => (choice.choose(model), field.current?.focus())}
            trigger={
              <Button data-origin={choice.model?.origin} className="min-w-0 border-line! px-2.5!" aria-label={t("composer.model", { name: choice.model?.name ?? lastName ?? t("composer.noModel") })}>
                <span aria-hidden="true" className="h-4 w-1 shrink-0 rounded-full bg-origin" />
                <span className="truncate">{choice.isLoading ? t("common:loading") : (choice.model?.name ?? lastName ?? t("composer.noModel"))}</span>
                <ChevronDown aria-hidden="true" />
              </Button>
            }
          />
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
        </div>
      </div>
      <DestinationLine choice={choice} pastOrigins={pastOrigins} lastName={lastName} />
    </form>
  );
}
