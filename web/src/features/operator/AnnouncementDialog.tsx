// Writes or changes an announcement: both languages, and from when until when.
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { Radios } from "@/ui/Radios";
import { Note } from "@/ui/States";
import { Textarea } from "@/ui/Textarea";
import { toLocal, toMoment } from "./moments";
import { type Announcement, type Draft, useAnnouncing } from "./queries";

const MOST_CHARS = 500;
const DAY_MS = 86_400_000;
const fields = ["text_en", "text_de", "from_at", "until_at"] as const;

export function AnnouncementDialog({ of, onClose }: { of: Announcement | null; onClose: () => void }) {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const formId = useId();
  const act = useAnnouncing();
  const [draft, setDraft] = useState<Draft>(() => ({
    kind: of?.kind ?? "info",
    text_en: of?.text_en ?? "",
    text_de: of?.text_de ?? "",
    from_at: toLocal(of ? new Date(of.from_at) : new Date()),
    until_at: toLocal(of ? new Date(of.until_at) : new Date(Date.now() + DAY_MS)),
  }));
  const put = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const problem = act.error ? asProblem(act.error) : null;
  const wrong = (field: (typeof fields)[number]): string | null => (problem?.field === field ? problem.message : null);
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (act.isPending) return;
    const wish = { ...draft, from_at: toMoment(draft.from_at), until_at: toMoment(draft.until_at) };
    act.mutate({ id: of?.id ?? null, draft: wish }, { onSuccess: () => { onClose(); notify(t(of ? "announce.changed" : "announce.made")); } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={t(of ? "announce.edit_title" : "announce.new")}
      description={<p className="text-sm text-muted">{t("announce.about")}</p>}
      actions={
        <>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={act.isPending}>{t(of ? "announce.save" : "announce.publish")}</Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={save} className="flex flex-col gap-4">
        {problem && !fields.some((field) => field === problem.field) ? <Note tone="danger">{problem.message}</Note> : null}
        <Radios legend={t("announce.kind")} value={draft.kind ?? "info"} onChange={(kind) => put({ kind })} options={[{ value: "info", label: t("announce.kind.info") }, { value: "warning", label: t("announce.kind.warning") }]} />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={common("language.en")} error={wrong("text_en")}><Textarea required lang="en" rows={4} maxLength={MOST_CHARS} value={draft.text_en} onChange={(text_en) => put({ text_en })} /></Field>
          <Field label={common("language.de")} error={wrong("text_de")}><Textarea required lang="de" rows={4} maxLength={MOST_CHARS} value={draft.text_de} onChange={(text_de) => put({ text_de })} /></Field>
          <Field label={t("announce.from")} error={wrong("from_at")}><Input required type="datetime-local" value={draft.from_at} onChange={(event) => put({ from_at: event.target.value })} /></Field>
          <Field label={t("announce.until")} error={wrong("until_at")}><Input required type="datetime-local" value={draft.until_at} onChange={(event) => put({ until_at: event.target.value })} /></Field>
        </div>
      </form>
    </Dialog>
  );
}
