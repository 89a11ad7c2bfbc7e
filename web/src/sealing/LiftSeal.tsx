// Lifts a seal or lets it admit more: an owner's or admin's act with a reason, by the conversation's id alone.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, asProblem, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Radios } from "@/ui/Radios";
import { Note } from "@/ui/States";
import { Textarea } from "@/ui/Textarea";
import { ZoneTicks } from "./ZoneTicks";
import type { SealZone } from "./zones";

export interface LiftSealProps {
  id: string;
  present: readonly SealZone[];
  onCancel: () => void;
  onDone: (view: Schemas["SealView"]) => void;
}

export function LiftSeal({ id, present, onCancel, onDone }: LiftSealProps) {
  const { t } = useTranslation(["sealing", "common"]);
  const client = useQueryClient();
  const [how, setHow] = useState<"whole" | "some">("whole");
  const [zones, setZones] = useState<readonly SealZone[]>(present);
  const [reason, setReason] = useState("");
  const lift = useMutation({
    mutationFn: (body: Schemas["SealLift"]) => api.post<Schemas["SealView"]>(`/api/team/seals/${id}/lift`, body),
    onSuccess: (view) => {
      void client.invalidateQueries({ queryKey: keys.conversation(id) });
      notify(t(view.sealed_to ? "lift.doneSome" : "lift.done"));
      onDone(view);
    },
  });
  const problem = lift.error ? asProblem(lift.error) : null;
  const canLift = how === "whole" || zones.length > 0;
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (canLift && !lift.isPending) lift.mutate({ zones: how === "whole" ? null : [...zones], reason });
  };
  return (
    <form noValidate onSubmit={save} className="flex flex-col gap-4">
      {problem && problem.field !== "reason" ? <Note tone="danger">{problem.message}</Note> : null}
      <Radios legend={t("lift.how")} value={how} onChange={setHow} options={[{ value: "whole", label: t("lift.whole") }, { value: "some", label: t("lift.some") }]} />
      {how === "some" ? (
        <div>
          <ZoneTicks legend={t("dialog.may")} chosen={zones} busy={lift.isPending} onChange={setZones} />
          <p className="pt-1 text-xs text-muted">{t("lift.confirms")}</p>
        </div>
      ) : null}
      <Field label={t("lift.reason")} hint={t("lift.reasonHint")} error={problem?.field === "reason" ? problem.message : null}>
        <Textarea value={reason} onChange={setReason} rows={2} maxLength={200} required />
      </Field>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onCancel}>{t("common:action.cancel")}</Button>
        <Button type="submit" variant="danger" busy={lift.isPending} aria-disabled={!canLift || undefined}>{t(how === "whole" ? "lift.act" : "lift.actSome")}</Button>
      </div>
    </form>
  );
}
