// How long the team keeps what it writes. Owners decide, after seeing what goes at once; everybody may know.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Schemas } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { PageSection } from "@/ui/PageSection";
import { Note } from "@/ui/States";
import { foresee, type PrivacyView, useRetention } from "./queries";

type Rule = Schemas["RetentionSet"];

export function RetentionSection({ view }: { view: PrivacyView }) {
  const { t } = useTranslation("privacy");
  const { conversation_days, attachment_days } = view.retention;
  return (
    <PageSection id="retention" title={t("retention.title")} about={t("retention.about")}>
      {view.may_rule ? <RuleForm key={`${conversation_days} ${attachment_days}`} view={view} /> : <RuleTold rule={view.retention} />}
    </PageSection>
  );
}

const read = (text: string): number | null => (text.trim() === "" ? null : Number(text));
const shown = (days: number | null): string => (days === null ? "" : String(days));

function RuleForm({ view }: { view: PrivacyView }) {
  const { t } = useTranslation("privacy");
  const { t: common } = useTranslation();
  const stored = view.retention;
  const [talks, setTalks] = useState(shown(stored.conversation_days));
  const [files, setFiles] = useState(shown(stored.attachment_days));
  const [isOpen, setIsOpen] = useState(false);
  const saving = useRetention(() => { setIsOpen(false); notify(t("retention.saved")); });
  const looking = useMutation({ mutationFn: foresee, onSuccess: () => setIsOpen(true) });
  const rule: Rule = { conversation_days: read(talks), attachment_days: read(files) };
  const hasChanged = rule.conversation_days !== stored.conversation_days || rule.attachment_days !== stored.attachment_days;
  const problem = looking.error ? asProblem(looking.error) : null;
  const wrong = (field: keyof Rule): string | null => (problem?.field === field ? problem.message : null);
  const look = (event: FormEvent) => {
    event.preventDefault();
    if (hasChanged && !looking.isPending) looking.mutate(rule);
  };
  return (
    <form noValidate onSubmit={look} className="flex max-w-2xl flex-col gap-4">
      {problem && !problem.field ? <Note tone="danger">{problem.message}</Note> : null}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t("retention.talks")} hint={t("retention.talks_hint")} error={wrong("conversation_days")}>
          <Input inputMode="numeric" type="number" min={stored.least_days} max={stored.most_days} value={talks} onChange={(event) => setTalks(event.target.value)} />
        </Field>
        <Field label={t("retention.files")} hint={t("retention.files_hint")} error={wrong("attachment_days")}>
          <Input inputMode="numeric" type="number" min={stored.least_days} max={stored.most_days} value={files} onChange={(event) => setFiles(event.target.value)} />
        </Field>
      </div>
      <div><Button type="submit" busy={looking.isPending} aria-disabled={!hasChanged} variant={hasChanged ? "primary" : "secondary"}>{common("action.save")}</Button></div>
      <ConfirmDialog
        open={isOpen}
        onClose={() => setIsOpen(false)}
        onConfirm={() => saving.mutate(rule)}
        title={t("retention.confirm_title")}
        description={<Foreseen due={looking.data} />}
        confirm={common("action.save")}
        variant={looking.data && looking.data.conversations + looking.data.attachments > 0 ? "danger" : "primary"}
        busy={saving.isPending}
        error={saving.error ? asProblem(saving.error).message : null}
      />
    </form>
  );
}

function Foreseen({ due }: { due: Schemas["RetentionDue"] | undefined }) {
  const { t } = useTranslation("privacy");
  const formats = useFormats();
  if (!due || due.conversations + due.attachments === 0) return <p className="text-sm">{t("retention.nothing_goes")}</p>;
  return <p className="text-sm">{t("retention.goes", { conversations: formats.number(due.conversations), files: formats.number(due.attachments) })}</p>;
}

function RuleTold({ rule }: { rule: Schemas["RetentionView"] }) {
  const { t } = useTranslation("privacy");
  const formats = useFormats();
  const word = (days: number | null) => (days === null ? t("retention.never") : t("retention.days", { count: days, formatted: formats.number(days) }));
  return (
    <dl className="grid max-w-2xl gap-4 text-sm sm:grid-cols-2">
      <div><dt className="text-muted">{t("retention.talks")}</dt><dd>{word(rule.conversation_days)}</dd></div>
      <div><dt className="text-muted">{t("retention.files")}</dt><dd>{word(rule.attachment_days)}</dd></div>
    </dl>
  );
}
