// What a model does not get of a conversation: said above the message field before, and below the answer after.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Note } from "@/ui/States";
import { contextSize } from "../contextSize";
import type { Foreseen, Withheld } from "./kinds";

export interface BeforeProps {
  foreseen: Foreseen | null;
  modelName: string;
  /** Attachments of the message itself: their chips say it. */
  own: readonly string[];
}

/** Above the field. */
export function WithheldBefore({ foreseen, modelName, own }: BeforeProps) {
  const { t } = useTranslation("attachments");
  if (!foreseen) return null;
  const { messages, files, is_too_long } = foreseen.withheld;
  if (messages === 0 && !is_too_long && files.every((one) => own.includes(one.id))) return null;
  return (
    <div role="status" aria-label={t("before.label")} className="pb-2">
      <Note tone="warn"><Sentences foreseen={foreseen} modelName={modelName} own={own} /></Note>
    </div>
  );
}

/** Of one model among several, or of a message that is being changed: it has no chips that say it. */
export function WithheldOf({ foreseen, modelName }: { foreseen: Foreseen; modelName: string }) {
  const { t } = useTranslation("attachments");
  return (
    <div role="status" aria-label={t("before.labelOf", { model: modelName })} className="px-0.5 pt-1.5 text-xs text-warn">
      <Sentences foreseen={foreseen} modelName={modelName} />
    </div>
  );
}

/** `own`: files that are told of elsewhere; with it the others are earlier ones. */
export function Sentences({ foreseen, modelName, own, isOpen = false }: { foreseen: Foreseen; modelName: string; own?: readonly string[]; isOpen?: boolean }) {
  const { t } = useTranslation("attachments");
  const { messages, from_id, is_too_long } = foreseen.withheld;
  // Files of messages that don't go are not told one by one.
  const files = foreseen.withheld.files.filter((one) => !own?.includes(one.id) && one.why !== "window");
  const isKnown = foreseen.window !== null;
  const names = { model: modelName, window: foreseen.window === null ? "" : contextSize(foreseen.window) };
  return (
    <>
      {is_too_long ? <p>{t(isKnown ? "before.tooLong" : "before.tooLongUnknown", names)}</p> : null}
      {messages > 0 ? (
        <p>
          {t(isKnown ? "before.messages" : "before.messagesUnknown", { count: messages, ...names })}{" "}
          {own && from_id ? <Link to={`#m-${from_id}`} replace className="font-semibold underline">{t("before.from")}</Link> : null}
        </p>
      ) : null}
      {files.length > 0 ? (
        <details open={isOpen}>
          <summary className="cursor-pointer">{own ? t("before.files", { count: files.length }) : t("before.filesOf", { count: files.length, ...names })}</summary>
          <ul className="list-disc pl-5">
            {files.map((one) => <li key={one.id} className="wrap-anywhere">{one.name}: {t(`why.${one.why}`, names)}</li>)}
          </ul>
        </details>
      ) : null}
    </>
  );
}

export interface AfterProps {
  withheld: Withheld | null;
  modelName: string;
}

/** Below an answer. */
export function WithheldAfter({ withheld, modelName }: AfterProps) {
  const { t } = useTranslation("attachments");
  if (!withheld) return null;
  const { messages, files } = withheld;
  return (
    <div role="note" aria-label={t("after.label")} className="pt-2 text-xs text-muted">
      {messages > 0 ? <p>{t("after.messages", { count: messages, model: modelName })}</p> : null}
      {files.length > 0 ? (
        <details>
          <summary className="inline-flex min-h-7 items-center rounded hover:text-ink">{t("after.files", { count: files.length })}</summary>
          <ul className="list-disc pl-5">
            {files.map((one) => <li key={one.id} className="wrap-anywhere">{one.name}: {t(`was.${one.why}`)}</li>)}
          </ul>
        </details>
      ) : null}
    </div>
  );
}
