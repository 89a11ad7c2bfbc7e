// What a person asked: a box on the page, that can be changed and asked again.
import { Check, Copy, Pencil } from "lucide-react";
import { memo, Suspense, useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Button, IconButton } from "@/ui/Button";
import { GivesFocusBack } from "@/ui/GivesFocusBack";
import { inputClass } from "@/ui/inputClass";
import { useCopy } from "@/ui/useCopy";
import { cx } from "@/ui/cx";
import { MessageFiles, WithheldOf } from "./attachments/Late";
import { BranchCounter } from "./BranchCounter";
import { withTexts } from "./compare/load";
import type { Again } from "./data";
import type { Message } from "./tree";

const UnaskedLine = withTexts(() => import("./UnaskedLine"), "unasked");

export interface UserTurnProps {
  conversationId: string;
  /** The model that a changed version would go to; null: none. */
  modelRef: string | null;
  modelName: string;
  message: Message;
  siblings: readonly string[];
  /** While a reply is running, versions stay as they are. */
  locked: boolean;
  /** Resolves to whether the new version is stored. */
  onAskAgain: (message: Message, text: string) => Promise<boolean>;
  /** The same without asking. */
  onKeep: (message: Message, text: string) => Promise<boolean>;
  onAnother: (wish: Again) => void;
  onShow: (id: string) => void;
}

export const UserTurn = memo(function UserTurn({ conversationId, modelRef, modelName, message, siblings, locked, onAskAgain, onKeep, onAnother, onShow }: UserTurnProps) {
  const { t } = useTranslation(["chat", "common"]);
  const { time } = useFormats();
  const [edited, setEdited] = useState<string | null>(null);
  // Until it is stored the words stand still: what is typed meanwhile would go with the form.
  const [isStoring, setIsStoring] = useState(false);
  const { copied, copy } = useCopy();
  const turn = useRef<HTMLElement>(null);
  const toTurn = useCallback(() => turn.current, []);
  const isEmpty = edited?.trim() === "" && message.attachments.length === 0;
  const store = (how: UserTurnProps["onKeep"]) => {
    if (edited === null || isEmpty || locked || isStoring) return;
    setIsStoring(true);
    void how(message, edited).then((isStored) => (setIsStoring(false), isStored && setEdited(null)));
  };
  // Of the same words there is no new version to keep.
  const keep = () => (edited?.trim() === message.text ? setEdited(null) : store(onKeep));
  return (
    <article ref={turn} aria-label={t("turn.yours")} id={`m-${message.id}`} tabIndex={-1} data-turn className="turn thread-grid group/turn pt-6 -outline-offset-2">
      <p className="pb-1 text-xs text-muted xl:pt-3.5 xl:pb-0 xl:text-right">{t("turn.you", { time: time(message.created_at) })}</p>
      <div className="min-w-0 xl:col-start-2">
        <MessageFiles files={message.attachments} />
        {edited === null ? (
          message.text ? <div className="rounded-lg border border-line bg-surface px-4 py-2.5 text-read whitespace-pre-wrap wrap-anywhere">{message.text}</div> : null
        ) : (
          <GivesFocusBack to={toTurn}>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Esc leaves the edit */}
          <form
            onSubmit={(event) => {
              event.preventDefault();
              store(onAskAgain);
            }}
            onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), event.preventDefault(), setEdited(null))}
            className="flex flex-col gap-2"
          >
            <textarea autoFocus readOnly={isStoring} onFocus={(event) => event.target.setSelectionRange(event.target.value.length, event.target.value.length)} aria-label={t("edit.label")} value={edited} onChange={(event) => setEdited(event.target.value)} rows={Math.min(14, edited.split("\n").length + 1)} className={cx(inputClass, "text-read")} />
            <WithheldOf conversationId={conversationId} parentId={message.parent_id} modelRef={locked ? null : modelRef} modelName={modelName} text={edited} attachments={message.attachments.map((one) => one.id)} />
            <div className="flex flex-wrap items-center gap-2">
              <Button type="submit" variant="primary" aria-disabled={isEmpty || locked || undefined}>{t("edit.askAgain")}</Button>
              <Button onClick={keep} busy={isStoring} aria-disabled={isEmpty || locked || undefined}>{t("edit.onlySave")}</Button>
              <Button onClick={() => setEdited(null)}>{t("edit.cancel")}</Button>
              <span className="text-xs text-muted">{t("edit.keeps")}</span>
            </div>
          </form>
          </GivesFocusBack>
        )}
        {message.unasked && edited === null ? <Suspense fallback={<div className="min-h-12" />}><UnaskedLine id={message.id} modelName={modelName} onAsk={modelRef && !locked ? () => onAnother({ way: "regenerate", messageId: message.id, modelRef }) : null} /></Suspense> : null}
        <div className="turn-tools print:hidden -mb-1 flex min-h-8 items-center gap-0.5">
          <BranchCounter id={message.id} siblings={siblings} onShow={onShow} disabled={locked} />
          {edited === null ? (
            <span className="tools-fade flex">
              {message.text ? <IconButton label={copied ? t("copy.done") : t("copy.question")} onClick={() => copy(message.text)}>{copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}</IconButton> : null}
              <IconButton label={t("edit.start")} aria-disabled={locked || undefined} onClick={() => !locked && setEdited(message.text)}><Pencil aria-hidden="true" /></IconButton>
            </span>
          ) : null}
        </div>
      </div>
    </article>
  );
});
