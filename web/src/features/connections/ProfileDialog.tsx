// Sets by hand what somebody knows better of a model than its server says.
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { Note } from "@/ui/States";
import { isUnmet } from "./hosts";
import { inputWord } from "./inputWord";
import { changesOf, formOf, INPUTS, policyOf, readLength, type Model, type ProfileForm } from "./profiles";
import { useChangeProfile } from "./queries";
import { useKeepers } from "./useKeepers";

const CHOICES = {
  data_policy: ["found", "no_training", "no_retention", "any"],
  streaming: ["found", "any", "always", "never"],
  stream_usage: ["found", "true", "false"],
  takes_system: ["found", "true", "false"],
  limit_field: ["found", "max_tokens", "max_completion_tokens", "none"],
} as const;

export interface ProfileDialogProps {
  connectionId: string;
  /** A router stands between us and whoever runs the model. */
  isRouted: boolean;
  model: Model;
  onClose: () => void;
}

export function ProfileDialog({ connectionId, isRouted, model, onClose }: ProfileDialogProps) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const keepers = useKeepers();
  const id = useId();
  const change = useChangeProfile(connectionId, model.id);
  const [before] = useState(() => formOf(model));
  const [form, setForm] = useState(before);
  const [error, setError] = useState<string | null>(null);
  const edit = (more: Partial<ProfileForm>) => setForm((now) => ({ ...now, ...more }));
  const isLengthWrong = Number.isNaN(readLength(form.context));
  const found = model.profile.found_context_length;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (isLengthWrong) return;
    try {
      const changes = changesOf(before, form);
      if (Object.keys(changes).length > 0) await change.mutateAsync(changes);
      notify(t("action.saved"));
      onClose();
    } catch (thrown) {
      setError(asProblem(thrown).message);
    }
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t("habits.title", { name: model.name })}
      description={t("habits.lead")}
      actions={
        <>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" form={id} variant="primary" busy={change.isPending} aria-disabled={isLengthWrong}>{common("action.save")}</Button>
        </>
      }
    >
      <form id={id} noValidate onSubmit={(event) => void save(event)} className="flex flex-col gap-4">
        <Field label={t("habits.context")} hint={found ? t("habits.context_found", { formatted: formats.number(found) }) : t("habits.context_not_found")} error={isLengthWrong ? t("habits.context_wrong") : null}>
          <Input inputMode="numeric" autoComplete="off" value={form.context} maxLength={13} onChange={(event) => edit({ context: event.target.value })} className="max-w-48" />
        </Field>
        <fieldset className="flex flex-col gap-1">
          <legend className="pb-1 text-sm font-semibold">{t("habits.inputs")}</legend>
          <Checkbox checked={!form.ownInputs} onChange={(isFound) => edit({ ownInputs: !isFound })} label={t("habits.inputs_found", { list: model.profile.found_inputs.map((input) => inputWord(t, input)).join(", ") })} />
          {form.ownInputs ? (
            <div className="flex flex-wrap gap-x-5 pl-7">
              {INPUTS.map((input) => (
                <Checkbox key={input} checked={form.inputs.includes(input)} onChange={(has) => edit({ inputs: INPUTS.filter((one) => (one === input ? has : form.inputs.includes(one))) })} label={inputWord(t, input)} />
              ))}
            </div>
          ) : null}
        </fieldset>
        {isRouted ? <Choose name="data_policy" form={form} edit={edit} hint={keepers.named(model.facts)} /> : null}
        <div role="status" className="empty:hidden">
          {isRouted && isUnmet(model.facts, policyOf(form)) ? <Note tone="warn">{t("hosts.unmet")}</Note> : null}
        </div>
        <Choose name="streaming" form={form} edit={edit} />
        <Choose name="stream_usage" form={form} edit={edit} />
        <Choose name="takes_system" form={form} edit={edit} />
        <Choose name="limit_field" form={form} edit={edit} />
        {error ? <p role="alert" className="text-sm text-danger">{error}</p> : null}
      </form>
    </Dialog>
  );
}

function Choose<Name extends keyof typeof CHOICES>({ name, form, edit, hint }: { name: Name; form: ProfileForm; edit: (more: Partial<ProfileForm>) => void; hint?: string }) {
  const { t } = useTranslation("connections");
  const options = CHOICES[name].map((value) => ({ value: value as string, label: value === "found" ? t("habits.found") : t(`habits.${name}_${value}` as "habits.found") }));
  return (
    <Field label={t(`habits.${name}`)} hint={hint}>
      <Select value={form[name] as string} onChange={(value) => edit({ [name]: value })} options={options} label={t(`habits.${name}`)} />
    </Field>
  );
}
