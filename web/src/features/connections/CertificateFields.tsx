// What a connection believes and shows: a private authority, a client certificate, a pinned key. For the wizard and replacements.
import { useTranslation } from "react-i18next";
import { Field, Input } from "@/ui/Field";
import { Fold } from "@/ui/Fold";
import { blamedField, certificateFieldOf, enteredFields, type CertificateField, type Certificates } from "./certificates";
import { PemField } from "./PemField";
import type { TestRun } from "./stages";

export type CertificateErrors = Partial<Record<CertificateField, string | null>>;

export interface CertificateFieldsProps {
  values: Certificates;
  onChange: (change: Partial<Certificates>) => void;
  errors: CertificateErrors;
  disabled?: boolean;
}

/** What the last test or its refusal says about one of the fields. */
export function useCertificateErrors(run: TestRun): CertificateErrors {
  const { t } = useTranslation("connections");
  const refused = certificateFieldOf(run.problem);
  if (refused) return { [refused]: run.problem?.message ?? null };
  const blamed = blamedField(run);
  // The finding itself stands in its row of the test; here stands what to do about it.
  return blamed ? { [blamed]: t(`certs.fix_${blamed}`) } : {};
}

export function CertificateFields({ values, onChange, errors, disabled = false }: CertificateFieldsProps) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  return (
    <>
      <PemField kind="caPem" value={values.caPem} error={errors.caPem ?? null} disabled={disabled} onChange={(caPem) => onChange({ caPem })} />
      <PemField kind="clientPem" value={values.clientPem} error={errors.clientPem ?? null} disabled={disabled} onChange={(clientPem) => onChange({ clientPem })} />
      <Field label={t("certs.pin")} optional={common("optional")} hint={t("certs.pin_help")} error={errors.pin ?? null}>
        <Input mono value={values.pin} maxLength={120} disabled={disabled} autoComplete="off" autoCapitalize="none" spellCheck={false} onChange={(event) => onChange({ pin: event.target.value })} />
      </Field>
    </>
  );
}

/** What is entered, in words, for where the fields are folded away. */
export function useCertificatesNote(values: Certificates): string {
  const { t } = useTranslation("connections");
  const entered = enteredFields(values);
  return entered.length === 0 ? t("certs.seldom") : entered.map((field) => t(`certs.has_${field}`)).join(", ");
}

export function CertificatesFold(props: CertificateFieldsProps) {
  const { t } = useTranslation("connections");
  const note = useCertificatesNote(props.values);
  return (
    <Fold title={t("certs.title")} note={note} needed={Object.values(props.errors).some(Boolean)}>
      <CertificateFields {...props} />
    </Fold>
  );
}
