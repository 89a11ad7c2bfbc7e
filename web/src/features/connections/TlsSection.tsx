// How the way to the endpoint is protected: the server's certificate as last seen, whom the connection believes, what ends soon.
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { hasStored } from "./certificates";
import { findEnds } from "./ends";
import { ReplaceForm } from "./ReplaceForm";
import { Section, type SectionProps } from "./Section";
import type { ConnectionView, TlsView } from "./types";
import { useTlsTexts } from "./useTlsTexts";

export function TlsSection({ connection, isReadOnly }: SectionProps) {
  const { t } = useTranslation("connections");
  const { endOf, adviceOf } = useTlsTexts();
  const [isChanging, setIsChanging] = useState(false);
  const { tls } = connection;
  return (
    <Section id="tls" title={t("stage.tls")}>
      {findEnds(tls).map((end) => (
        <Note key={end.which} tone={end.daysLeft < 0 ? "danger" : "warn"}>
          <p className="font-semibold">{endOf(end)}</p>
          <p>{adviceOf(end, connection)}</p>
        </Note>
      ))}
      <dl className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
        <Row label={t("tls.server")}><ServerFacts connection={connection} /></Row>
        <Row label={t("certs.caPem")}><Entered certificate={tls.private_ca} none={t("tls.public_ca")} /></Row>
        <Row label={t("tls.client")}><Entered certificate={tls.client_certificate} none={t("tls.none")} /></Row>
        <Row label={t("tls.key")}>{tls.pinned ? t("tls.pinned") : t("tls.not_pinned")}</Row>
      </dl>
      <div>
        <Button aria-expanded={isChanging} disabled={isReadOnly} onClick={() => setIsChanging(!isChanging)}>{hasStored(tls) ? t("tls.change") : t("tls.add")}</Button>
      </div>
      {isChanging ? <ReplaceForm what="certificates" connection={connection} onClose={() => setIsChanging(false)} /> : null}
    </Section>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 gap-y-0.5 px-4 py-2.5 sm:grid-cols-[13rem_1fr]">
      <dt className="text-sm text-muted">{label}</dt>
      <dd className="min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function ServerFacts({ connection: { tls, last_test: test } }: { connection: ConnectionView }) {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  const { issuerOf, until } = useTlsTexts();
  const { server } = tls;
  if (!server) return test ? t("tls.not_seen", { at: formats.dateTime(test.at) }) : t("test.never");
  return (
    <>
      <p>{t("tls.issued", { issuer: issuerOf(server.issuer), until: until(server.expires_on, server.days_left) })}</p>
      <p className="text-xs text-muted">{t("tls.seen", { at: formats.dateTime(server.seen_at) })}</p>
    </>
  );
}

function Entered({ certificate, none }: { certificate: TlsView["private_ca"]; none: string }) {
  const { until } = useTlsTexts();
  if (!certificate) return none;
  return <><span className="font-semibold">{certificate.name}</span>, {until(certificate.expires_on, certificate.days_left)}</>;
}
