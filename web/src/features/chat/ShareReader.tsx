// One of those a conversation is shared with: whether they read it now, and until when.
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { useGivesFocusBack } from "@/ui/GivesFocusBack";
import { DayField } from "./DayField";
import { canBeLast, endOf, lastDayOf, lastDays, toldEnd } from "./shareTerm";

export type Term = Schemas["TermView"];

/** One change: the end of its address, and whether it gives or takes. */
export interface Change {
  path: string;
  gives: boolean;
  body?: unknown;
}

export type OnChange = (change: Change, then?: { onSuccess: () => void }) => void;

export interface ShareReaderProps {
  /** Of the person or the team. */
  path: string;
  name: string;
  label: ReactNode;
  /** Undefined: not shared with them. */
  term: Term | undefined;
  busy: boolean;
  onChange: OnChange;
}

export function ShareReader({ path, name, label, term, busy, onChange }: ShareReaderProps) {
  const [isAsked, setIsAsked] = useState(false);
  const done = () => setIsAsked(false);
  const line = term ? <TermLine name={name} term={term} busy={busy} isAsked={isAsked} onAsk={() => setIsAsked(!isAsked)} onRemove={() => onChange({ path, gives: false })} /> : null;
  return (
    <div className="flex min-w-0 flex-col">
      <div className="flex flex-wrap items-start justify-between gap-x-3">
        <Checkbox checked={term !== undefined && !term.is_over} disabled={busy} onChange={(gives) => onChange({ path, gives }, { onSuccess: done })} label={label} />
        {line}
      </div>
      {term && isAsked ? <AskDay name={name} term={term} busy={busy} onCancel={done} onSave={(endsAt) => onChange({ path, gives: true, body: { ends_at: endsAt } }, { onSuccess: done })} /> : null}
    </div>
  );
}

interface TermLineProps {
  name: string;
  term: Term;
  busy: boolean;
  isAsked: boolean;
  onAsk: () => void;
  onRemove: () => void;
}

function TermLine({ name, term, busy, isAsked, onAsk, onRemove }: TermLineProps) {
  const { t } = useTranslation("sharing");
  const formats = useFormats();
  const box = useRef<HTMLSpanElement>(null);
  useGivesFocusBack(box);
  const until = term.ends_at ? toldEnd(term.ends_at, formats) : null;
  const ask = t(term.is_over ? "share.renew" : until ? "share.changeDay" : "share.setDay");
  return (
    <span ref={box} className="ml-auto flex flex-wrap items-center justify-end gap-x-1 pl-8 text-xs text-muted">
      {until ? <span>{t(term.is_over ? "share.ended" : "share.lastDay", { day: until })}</span> : null}
      {/* It stays while the day is asked for: the keyboard comes back to it. */}
      <Button size="sm" variant="quiet" aria-expanded={isAsked} aria-label={t("share.actFor", { act: ask, name })} onClick={onAsk}>{ask}</Button>
      {term.is_over ? <Button size="sm" variant="quiet" busy={busy} aria-label={t("share.actFor", { act: t("share.remove"), name })} onClick={onRemove}>{t("share.remove")}</Button> : null}
    </span>
  );
}

interface AskDayProps {
  name: string;
  term: Term;
  busy: boolean;
  onCancel: () => void;
  onSave: (endsAt: string | null) => void;
}

function AskDay({ name, term, busy, onCancel, onSave }: AskDayProps) {
  const { t } = useTranslation(["sharing", "common"]);
  const box = useRef<HTMLFormElement>(null);
  const [day, setDay] = useState(term.ends_at && !term.is_over ? lastDayOf(term.ends_at) : "");
  // The field shows something else than `day`, which is the one before.
  const [isHalf, setIsHalf] = useState(false);
  const [isWrong, setIsWrong] = useState(false);
  const hintId = useId();
  useGivesFocusBack(box);
  useEffect(() => {
    box.current?.querySelector("input")?.focus();
    box.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const { first, last } = lastDays();
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!isHalf && canBeLast(day)) onSave(endOf(day));
    else setIsWrong(true);
  };
  return (
    <form ref={box} noValidate onSubmit={save} className="mb-2 ml-8 flex flex-col gap-1.5 border-l-2 border-line pl-3">
      {/* oxlint-disable-next-line jsx-a11y/label-has-associated-control -- the control is the child */}
      <label className="flex max-w-56 flex-col gap-1 text-xs text-muted">
        {t("share.dayFor", { name })}
        <DayField value={day} onChange={(next) => { setDay(next); setIsHalf(false); setIsWrong(false); }} onHalf={() => setIsHalf(true)} first={first} last={last} wrong={isWrong} describedBy={hintId} />
      </label>
      <p id={hintId} role={isWrong ? "alert" : undefined} className={isWrong ? "text-xs text-danger" : "text-xs text-muted"}>{t(isWrong ? "share.dayWrong" : "share.dayHint")}</p>
      <span className="flex flex-wrap gap-2">
        <Button size="sm" variant="primary" type="submit" busy={busy}>{t(term.is_over ? "share.renew" : "common:action.save")}</Button>
        {term.ends_at || term.is_over ? <Button size="sm" busy={busy} onClick={() => onSave(null)}>{t(term.is_over ? "share.renewNoDay" : "share.noDay")}</Button> : null}
        <Button size="sm" variant="quiet" onClick={onCancel}>{t("common:action.cancel")}</Button>
      </span>
    </form>
  );
}
