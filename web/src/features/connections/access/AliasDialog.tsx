// Makes an alias, or lets one stand for another model. Where words would travel farther, that is confirmed first.
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { Note } from "@/ui/States";
import { type AliasHistory, type AliasView, useAliasAct } from "./queries";
import { TargetChoice } from "./TargetChoice";
import type { Target } from "./targets";

export interface AliasDialogProps {
  /** Null: a new one. */
  alias: AliasView | null;
  onClose: () => void;
  onDone?: (view: AliasHistory) => void;
}

interface Trouble {
  code: string;
  field: string | null;
  message: string;
}

export function AliasDialog({ alias, onClose, onDone }: AliasDialogProps) {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const id = useId();
  const act = useAliasAct();
  const [name, setName] = useState("");
  const [target, setTarget] = useState<Target | null>(null);
  const [reason, setReason] = useState("");
  const [isMeant, setIsMeant] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const goesFarther = trouble?.code === "alias_goes_farther";
  const errorAt = (field: string) => (trouble?.field === field ? trouble.message : null);
  const chosenRef = target?.ref ?? alias?.target_ref ?? null;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (goesFarther && !isMeant) return;
    try {
      const rest = { targetRef: chosenRef ?? "-", reason };
      const view = await act.mutateAsync(alias ? { kind: "point", id: alias.id, confirmed: isMeant, ...rest } : { kind: "make", name, ...rest });
      notify(alias ? t("alias.pointed", { name: alias.name, model: view.alias.model_name }) : t("alias.made", { name: view.alias.name }));
      onDone?.(view);
      onClose();
    } catch (thrown) {
      const { code, field, message } = asProblem(thrown);
      setTrouble({ code, field: field ?? null, message });
    }
  };
  const choose = (next: Target) => {
    setTarget(next);
    setIsMeant(false);
    setTrouble(null);
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={alias ? t("alias.point_title", { name: alias.name }) : t("alias.make_title")}
      description={alias ? t("alias.point_text") : t("alias.intro")}
      actions={
        <>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" form={id} variant="primary" busy={act.isPending} aria-disabled={goesFarther && !isMeant}>{alias ? t("alias.point_act") : t("alias.make_act")}</Button>
        </>
      }
    >
      <form id={id} noValidate onSubmit={(event) => void save(event)} className="flex flex-col gap-4">
        {alias ? null : (
          <Field label={t("alias.name")} hint={t("alias.name_hint")} error={errorAt("name")}>
            <Input value={name} maxLength={80} autoComplete="off" onChange={(event) => setName(event.target.value)} />
          </Field>
        )}
        <TargetChoice value={chosenRef} error={errorAt("target_ref")} onChange={choose} />
        <Field label={t("alias.reason")} optional={t("alias.optional")} hint={t("alias.reason_hint")} error={errorAt("reason")}>
          <Input value={reason} maxLength={200} autoComplete="off" onChange={(event) => setReason(event.target.value)} />
        </Field>
        {goesFarther && alias && target ? (
          <Note tone="danger">
            <p>{t("alias.farther", { name: alias.name, model: target.name, connection: target.connection })}</p>
            <Checkbox checked={isMeant} onChange={setIsMeant} label={t("alias.farther_yes")} />
          </Note>
        ) : null}
        {trouble && !goesFarther && !["name", "target_ref", "reason"].includes(trouble.field ?? "") ? <p role="alert" className="text-sm text-danger">{trouble.message}</p> : null}
      </form>
    </Dialog>
  );
}
