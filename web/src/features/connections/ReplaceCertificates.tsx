// What becomes of a connection's certificates in a replacement: they stay, give way to new ones, or go; all together, as they are sealed.
import { useTranslation } from "react-i18next";
import { Fold } from "@/ui/Fold";
import { Radios } from "@/ui/Radios";
import { CertificateFields, type CertificateErrors, useCertificatesNote } from "./CertificateFields";
import { hasStored, type Certificates } from "./certificates";
import type { CertificateChoice, Replacement } from "./replacing";
import type { TlsView } from "./types";

export interface ReplaceCertificatesProps {
  wish: Replacement;
  tls: TlsView;
  errors: CertificateErrors;
  disabled: boolean;
  onChoose: (choice: CertificateChoice) => void;
  onEnter: (part: Partial<Certificates>) => void;
}

export function ReplaceCertificates(props: ReplaceCertificatesProps) {
  const { t } = useTranslation("connections");
  const { wish, errors } = props;
  const enteredNote = useCertificatesNote(wish.entered);
  if (wish.what === "certificates") return <Part {...props} />;
  const note = wish.choice === "enter" ? enteredNote : t(`certs.note_${wish.choice}`);
  return (
    <Fold title={t("certs.title")} note={note} needed={Object.values(errors).some(Boolean)}>
      <Part {...props} />
    </Fold>
  );
}

function Part({ wish, tls, errors, disabled, onChoose, onEnter }: ReplaceCertificatesProps) {
  const { t } = useTranslation("connections");
  const isNewAddress = wish.what === "both";
  return (
    <>
      {hasStored(tls) && isNewAddress ? <p className="text-muted">{t("certs.not_taken")}</p> : null}
      {hasStored(tls) && !isNewAddress ? <StoredChoice wish={wish} tls={tls} onChoose={onChoose} /> : null}
      {wish.choice === "enter" ? <CertificateFields values={wish.entered} errors={errors} disabled={disabled} onChange={onEnter} /> : null}
    </>
  );
}

function StoredChoice({ wish, tls, onChoose }: Pick<ReplaceCertificatesProps, "wish" | "tls" | "onChoose">) {
  const { t } = useTranslation("connections");
  const stored = [
    tls.private_ca ? t("certs.stored_ca", { name: tls.private_ca.name }) : "",
    tls.client_certificate ? t("certs.stored_client", { name: tls.client_certificate.name }) : "",
    tls.pinned ? t("certs.has_pin") : "",
  ].filter(Boolean);
  const keep = { value: "keep" as const, label: t("certs.choose_keep", { stored: stored.join(", ") }) };
  return (
    <Radios<CertificateChoice>
      legend={t("certs.stored")}
      hint={wish.choice === "enter" ? t("certs.enter_help") : null}
      value={wish.choice}
      onChange={onChoose}
      options={[
        ...(wish.what === "key" ? [keep] : []),
        { value: "enter", label: t("certs.choose_enter") },
        { value: "remove", label: t("certs.choose_remove") },
      ]}
    />
  );
}
