// Step 1: everything a person has to know about their server. The panel beside it says what the test will look at.
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { OriginIcon } from "@/ui/Badge";
import { Field, Input } from "@/ui/Field";
import { Radios } from "@/ui/Radios";
import { CertificatesFold, useCertificateErrors } from "./CertificateFields";
import { certificateFieldOf } from "./certificates";
import { AddressField, AuthStyleField, KeyField } from "./EndpointFields";
import { GuideLink } from "./GuideLink";
import type { Zone } from "./hints";
import { TestPanel } from "./TestPanel";
import { idleRun } from "./stages";
import type { Problem, Provider } from "./types";
import { certificatesOf, fieldOf, hasAddress, missingFields, type FieldName, type Wizard, type WizardAction } from "./wizard";

export interface StepProps {
  wizard: Wizard;
  dispatch: (action: WizardAction) => void;
}

export interface AddressStepProps extends StepProps {
  /** What the server said about a field when saving. */
  problem: Problem | null;
  onTest: () => void;
}

const providers: readonly Provider[] = ["openai_compatible", "ollama", "openrouter"];
const zones: readonly Zone[] = ["own_hardware", "own_contract", "router"];

export function AddressStep({ wizard, dispatch, problem, onTest }: AddressStepProps) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const [wasSent, setWasSent] = useState(false);
  const { form } = wizard;
  const isTested = wizard.run.finished?.passed ?? false;
  const missing = wasSent ? missingFields(form) : [];
  const said = fieldOf(problem);
  const errorOf = (field: FieldName) => (missing.includes(field) ? t(`wizard.missing_${field}`) : said === field ? (problem?.message ?? null) : null);
  const refused = certificateFieldOf(problem);
  const tested = useCertificateErrors(wizard.run);
  const certificateErrors = refused ? { [refused]: problem?.message ?? null } : tested;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setWasSent(true);
    if (missingFields(form).length === 0) return isTested ? dispatch({ type: "go", step: "models" }) : onTest();
    // The first field that needs something, after it has been marked.
    const element = event.currentTarget;
    requestAnimationFrame(() => element.querySelector<HTMLElement>("[aria-invalid=true] input, input[aria-invalid=true]")?.focus());
  };
  return (
    <div className="grid items-start gap-8 xl:grid-cols-2">
      <form noValidate onSubmit={submit} className="flex min-w-0 flex-col gap-5">
        <Field label={t("wizard.name")} hint={t("wizard.name_help")} error={errorOf("name")}>
          <Input value={form.name} maxLength={80} autoComplete="off" placeholder={t("wizard.name_example")} onChange={(event) => dispatch({ type: "edit", change: { name: event.target.value } })} />
        </Field>
        <Radios<Provider>
          legend={t("wizard.provider")}
          value={form.provider}
          onChange={(provider) => dispatch({ type: "edit", change: { provider } })}
          options={providers.map((provider) => ({ value: provider, label: t(`wizard.provider_${provider}`) }))}
        />
        {form.provider === "ollama" ? <p className="text-sm text-muted">{t("guide.before")} <GuideLink /></p> : null}
        {hasAddress(form) ? null : <p className="text-sm text-muted">{t("wizard.fixed_address")}</p>}
        {hasAddress(form) ? <AddressField label={t("wizard.base_url")} value={form.baseUrl} isAccepted={isTested} error={errorOf("baseUrl")} onChange={(baseUrl) => dispatch({ type: "edit", change: { baseUrl } })} /> : null}
        <div className="flex flex-col gap-2">
          <KeyField label={t("wizard.api_key")} value={wizard.apiKey} onChange={(apiKey) => dispatch({ type: "key", apiKey })} />
          {hasAddress(form) ? <AuthStyleField value={form.authStyle} onChange={(authStyle) => dispatch({ type: "edit", change: { authStyle } })} /> : null}
          {hasAddress(form) ? <CertificatesFold values={certificatesOf(wizard)} errors={certificateErrors} onChange={(change) => dispatch({ type: "certificates", change })} /> : null}
        </div>
        <Radios<Zone>
          legend={t("wizard.zone")}
          hint={t("wizard.zone_help")}
          error={errorOf("zone")}
          value={form.zone}
          onChange={(zone) => dispatch({ type: "edit", change: { zone } })}
          options={zones.map((zone) => ({
            value: zone,
            label: t(`wizard.zone_${zone}`),
            icon: <span data-origin={zone} className="text-origin"><OriginIcon origin={zone} /></span>,
          }))}
        />
        <Field label={t("wizard.location")} hint={t("wizard.location_help")} optional={common("optional")}>
          <Input value={form.dataLocation} maxLength={120} autoComplete="off" placeholder={t("wizard.location_example")} onChange={(event) => dispatch({ type: "edit", change: { dataLocation: event.target.value } })} />
        </Field>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button type="submit" variant="primary">{isTested ? t("action.next") : t("test.start")}</Button>
          <p className="text-xs text-muted">{t("wizard.draft")}</p>
        </div>
      </form>
      <TestPanel run={idleRun()} className="max-xl:hidden" />
    </div>
  );
}
