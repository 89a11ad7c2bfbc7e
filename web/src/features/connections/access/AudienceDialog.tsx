// Chooses who may use a model: everyone, roles, people. Says before saving when its editor leaves themselves out.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { teamQuery } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Dialog } from "@/ui/Dialog";
import { inputClass } from "@/ui/inputClass";
import { Radios } from "@/ui/Radios";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { type AudienceForm, isComplete, type Kind, leavesOut, ROLES, toggled } from "./audience";

const SEARCH_FROM = 8;

export interface AudienceDialogProps {
  /** Of the model, or of all models of something. */
  name: string;
  kinds: readonly Kind[];
  /** What "inherit" is called here. */
  inheritLabel?: string;
  initial: AudienceForm;
  onSave: (form: AudienceForm) => Promise<unknown>;
  onClose: () => void;
}

export function AudienceDialog({ name, kinds, inheritLabel, initial, onSave, onClose }: AudienceDialogProps) {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const { me, team } = useSignedIn();
  const id = useId();
  const [form, setForm] = useState(initial);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const edit = (more: Partial<AudienceForm>) => (setForm((now) => ({ ...now, ...more })), setError(null));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!isComplete(form)) return setError(t("dialog.nobody_chosen"));
    setIsBusy(true);
    try {
      await onSave(form);
      notify(t("saved", { name }));
      onClose();
    } catch (thrown) {
      setError(asProblem(thrown).message);
      setIsBusy(false);
    }
  };
  const labelOf = (kind: Kind): string => (kind === "inherit" ? (inheritLabel ?? "") : t(`kind.${kind}`));
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t("dialog.title", { name })}
      description={t("dialog.at_once")}
      actions={
        <>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" form={id} variant="primary" busy={isBusy}>{common("action.save")}</Button>
        </>
      }
    >
      <form id={id} noValidate onSubmit={(event) => void save(event)} className="flex flex-col gap-4">
        <Radios legend={t("dialog.kind")} value={form.kind} onChange={(kind) => edit({ kind })} options={kinds.map((kind) => ({ value: kind, label: labelOf(kind) }))} />
        {form.kind === "roles" ? (
          <fieldset className="flex flex-col">
            <legend className="pb-1 text-sm font-semibold">{t("dialog.roles")}</legend>
            {ROLES.map((role) => (
              <Checkbox key={role} checked={form.roles.includes(role)} onChange={(isIn) => edit({ roles: toggled(form.roles, role, isIn) })} label={common(`role.${role}`)} />
            ))}
          </fieldset>
        ) : null}
        {form.kind === "people" ? <People chosen={form.people} onChange={(people) => edit({ people })} /> : null}
        {leavesOut(form, { id: me.id, role: team.role }) && isComplete(form) ? <p role="status" className="text-sm text-warn">{t("dialog.not_you")}</p> : null}
        {error ? <p role="alert" className="text-sm text-danger">{error}</p> : null}
      </form>
    </Dialog>
  );
}

function People({ chosen, onChange }: { chosen: readonly string[]; onChange: (people: string[]) => void }) {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const { data: team, error, refetch } = useQuery(teamQuery);
  const [text, setText] = useState("");
  if (!team) return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Skeleton lines={4} label={common("loading")} />;
  const wanted = text.trim().toLowerCase();
  const shown = team.members.filter((member) => `${member.name} ${member.email}`.toLowerCase().includes(wanted));
  return (
    <fieldset className="flex min-w-0 flex-col gap-1.5">
      <legend className="flex w-full justify-between pb-1 text-sm font-semibold">
        {t("dialog.people")}
        <span role="status" className="font-normal text-muted tnum">{t("dialog.chosen", { count: chosen.length })}</span>
      </legend>
      {team.members.length >= SEARCH_FROM ? (
        <input type="search" aria-label={t("dialog.search")} placeholder={t("dialog.search")} value={text} onChange={(event) => setText(event.target.value)} className={inputClass} />
      ) : null}
      <div className="flex max-h-64 flex-col overflow-y-auto rounded-md border border-edge bg-surface px-3 py-1">
        {shown.length === 0 ? <p className="py-1.5 text-sm text-muted">{t("dialog.no_hits")}</p> : null}
        {shown.map((member) => (
          <Checkbox
            key={member.user_id}
            checked={chosen.includes(member.user_id)}
            onChange={(isIn) => onChange(toggled(chosen, member.user_id, isIn))}
            label={<span className="wrap-anywhere">{member.name} <span className="text-muted">{common(`role.${member.role}`)}</span></span>}
          />
        ))}
      </div>
    </fieldset>
  );
}
