// Step 2: the test, live. Address and key stay at hand, so that what it finds is corrected right here.
import { type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import type { StepProps } from "./AddressStep";
import { CertificatesFold, useCertificateErrors } from "./CertificateFields";
import { blamedField, isSamePin } from "./certificates";
import { AddressField, AuthStyleField, KeyField } from "./EndpointFields";
import { fieldProblem, needsTypedModel, summarise } from "./stages";
import { TestPanel } from "./TestPanel";
import type { StageName } from "./types";
import { useRunTexts } from "./useRunTexts";
import { certificatesOf } from "./wizard";

const addressStages: readonly (StageName | null)[] = ["url", "dns", "address", "tcp", "tls"];

export interface TestStepProps extends StepProps {
  onTest: () => void;
  onStop: () => void;
  /** Accept only this key of the server from now on, and see that it works. */
  onPin: (keyHash: string) => void;
}

export function TestStep({ wizard, dispatch, onTest, onStop, onPin }: TestStepProps) {
  const { t } = useTranslation("connections");
  const { form, run } = wizard;
  const texts = useRunTexts(run, false);
  const { kind, stage } = summarise(run);
  const isRunning = kind === "running";
  const hasPassed = run.finished?.passed ?? false;
  const isAccepted = run.rows.some((row) => row.stage === "address" && row.state === "passed");
  const certificateErrors = useCertificateErrors(run);
  const wantsModel = needsTypedModel(run) || form.typedModelId !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onTest();
  };
  // The failing sentence stands in its row; the field is only marked, so that the eye finds it.
  const isOfCertificates = blamedField(run) !== null;
  const mark = (stages: readonly (StageName | null)[]) => (kind === "failed" && stages.includes(stage) && !isOfCertificates ? t("wizard.fix_here") : null);
  return (
    <div className="grid items-start gap-8 xl:grid-cols-2">
      <form id="retest" noValidate onSubmit={submit} className="flex min-w-0 flex-col gap-5 max-xl:order-2">
        {wantsModel ? (
          <Field label={t("test.model_id")} hint={t("test.model_id_help")} error={mark(["completion"])}>
            <Input mono value={form.typedModelId} maxLength={256} spellCheck={false} autoCapitalize="none" autoComplete="off" disabled={isRunning} onChange={(event) => dispatch({ type: "edit", change: { typedModelId: event.target.value } })} />
          </Field>
        ) : null}
        <AddressField label={t("wizard.base_url")} value={form.baseUrl} disabled={isRunning} isAccepted={isAccepted} error={fieldProblem(run, "base_url") ?? mark(addressStages)} onChange={(baseUrl) => dispatch({ type: "edit", change: { baseUrl } })} />
        <div className="flex flex-col gap-2">
          <KeyField label={t("wizard.api_key")} value={wizard.apiKey} disabled={isRunning} error={fieldProblem(run, "api_key") ?? mark(["credential"])} onChange={(apiKey) => dispatch({ type: "key", apiKey })} />
          <AuthStyleField value={form.authStyle} onChange={(authStyle) => dispatch({ type: "edit", change: { authStyle } })} />
          <CertificatesFold values={certificatesOf(wizard)} errors={certificateErrors} disabled={isRunning} onChange={(change) => dispatch({ type: "certificates", change })} />
        </div>
      </form>
      <TestPanel
        run={run}
        pinning={{ address: form.baseUrl, isPinned: (keyHash) => isSamePin(form.pin, keyHash), onPin }}
        footer={
          <>
            {isRunning ? <Button onClick={onStop}>{t("test.stop")}</Button> : null}
            {hasPassed ? <Button variant="primary" onClick={() => dispatch({ type: "go", step: "models" })}>{t("action.next")}</Button> : null}
            {isRunning ? null : (
              <Button type="submit" form="retest" variant={hasPassed ? "secondary" : "primary"} aria-disabled={kind === "needs_model" && form.typedModelId.trim() === ""}>
                {kind === "idle" ? t("test.start") : kind === "needs_model" ? t("test.with_model") : t("test.again")}
              </Button>
            )}
            {isRunning || kind === "idle" ? null : <Button variant="quiet" onClick={() => void texts.copy()}>{t("test.copy")}</Button>}
          </>
        }
      />
    </div>
  );
}
