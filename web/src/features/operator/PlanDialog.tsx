// Changes a team's plan and standing. Both stand here as they are; what is left alone stays.
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { plans, standings, usePlanWords } from "@/ui/planWords";
import { Select } from "@/ui/Select";
import { Note } from "@/ui/States";
import { Textarea } from "@/ui/Textarea";
import { type Team, usePlanChange } from "./queries";

export function PlanDialog({ team, onClose }: { team: Team; onClose: () => void }) {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const words = usePlanWords();
  const formId = useId();
  const act = usePlanChange(team.id);
  const [plan, setPlan] = useState<string>(team.plan);
  const [standing, setStanding] = useState<string>(team.standing);
  const [reason, setReason] = useState("");
  const problem = act.error ? asProblem(act.error) : null;
  const wrong = (field: string): string | null => (problem?.field === field ? problem.message : null);
  const hasChanged = plan !== team.plan || standing !== team.standing;
  const known = <T extends string>(all: readonly T[], now: string, word: (name: string) => string) =>
    [...new Set<string>([...all, now])].map((value) => ({ value, label: word(value) }));
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!hasChanged || act.isPending) return;
    const wish = { plan: plan === team.plan ? null : plan, standing: standing === team.standing ? null : standing, reason };
    act.mutate(wish, { onSuccess: () => { onClose(); notify(t("change.done", { name: team.name })); } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("change.title", { name: team.name })}
      description={<p className="text-sm text-muted">{t("change.about")}</p>}
      actions={
        <>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={act.isPending} aria-disabled={!hasChanged}>{t("change.save")}</Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={save} className="flex flex-col gap-4">
        {problem && !["plan", "standing", "reason"].includes(problem.field ?? "") ? <Note tone="danger">{problem.message}</Note> : null}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("plan")} error={wrong("plan")}><Select value={plan} onChange={setPlan} options={known(plans, team.plan, words.plan)} /></Field>
          <Field label={t("standing")} error={wrong("standing")}><Select value={standing} onChange={setStanding} options={known(standings, team.standing, words.standing)} /></Field>
        </div>
        <Field label={t("change.reason")} hint={t("change.reason_hint")} error={wrong("reason")}>
          <Textarea required rows={2} maxLength={200} value={reason} onChange={setReason} />
        </Field>
      </form>
    </Dialog>
  );
}
