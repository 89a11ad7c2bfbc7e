// Step 4: what will be saved, where the words will go, who looks after it.
import { useTranslation } from "react-i18next";
import { OriginMark } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { Note } from "@/ui/States";
import type { StepProps } from "./AddressStep";
import { enteredFields } from "./certificates";
import { DataFlow } from "./DataFlow";
import { Duties } from "./Duties";
import { MaintainerField } from "./MaintainerField";
import { useRunTexts } from "./useRunTexts";
import { certificatesOf, hasAddress, modelsInPicker, type Step } from "./wizard";

export interface SummaryStepProps extends StepProps {
  isSaving: boolean;
  error: string | null;
  onSave: () => void;
}

export function SummaryStep({ wizard, dispatch, isSaving, error, onSave }: SummaryStepProps) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const { form, choices } = wizard;
  const zone = form.zone ?? "own_hardware";
  const test = useRunTexts(wizard.run, true);
  const certificates = enteredFields(certificatesOf(wizard)).map((field) => t(`certs.has_${field}`));
  const rows: [Step, string, React.ReactNode][] = [
    ["address", t("wizard.name"), <span key="v" className="flex flex-wrap gap-x-3"><span className="font-semibold">{form.name}</span><OriginMark origin={zone} /></span>],
    ["address", t("wizard.base_url"), <span key="v" className="font-mono text-sm [overflow-wrap:anywhere]">{hasAddress(form) ? form.baseUrl : "openrouter.ai"}</span>],
    ...(certificates.length > 0 ? [["address", t("certs.title"), <span key="v" className="block first-letter:uppercase">{certificates.join(", ")}</span>] as [Step, string, React.ReactNode]] : []),
    ["test", t("wizard.step.test"), test.title],
    ["models", t("wizard.step.models"), t("models.count", { count: modelsInPicker(wizard), total: choices.length })],
  ];
  return (
    <div className="flex flex-col gap-7">
      <p className="max-w-2xl text-muted">{t("wizard.summary_lead")}</p>
      <dl className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
        {rows.map(([step, label, value]) => (
          <div key={label} className="grid grid-cols-[1fr_auto] items-center gap-x-4 px-4 py-2 sm:grid-cols-[11rem_1fr_auto]">
            <dt className="text-sm text-muted max-sm:col-span-2">{label}</dt>
            <dd className="min-w-0">{value}</dd>
            <dd>
              <Button variant="quiet" size="sm" aria-label={t("wizard.edit_step", { step: label })} onClick={() => dispatch({ type: "go", step })}>{t("action.edit")}</Button>
            </dd>
          </div>
        ))}
      </dl>
      <DataFlow zone={zone} name={form.name} location={form.dataLocation.trim()} />
      <div className="grid gap-5 sm:grid-cols-2">
        <MaintainerField value={form.maintainerId} onChange={(maintainerId) => dispatch({ type: "edit", change: { maintainerId } })} />
        <Field label={t("wizard.expires")} hint={t("wizard.expires_help")} optional={common("optional")}>
          <Input type="date" value={form.keyExpiresOn} onChange={(event) => dispatch({ type: "edit", change: { keyExpiresOn: event.target.value } })} />
        </Field>
      </div>
      <Duties />
      {error ? <Note tone="danger">{error}</Note> : null}
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => dispatch({ type: "go", step: "models" })}>{t("action.back")}</Button>
        <Button variant="primary" busy={isSaving} onClick={onSave}>{t("wizard.save")}</Button>
      </div>
    </div>
  );
}
