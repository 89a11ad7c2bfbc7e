// Sentences about certificates and their ends. Days are counted today, also for a test that was stored weeks ago.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { daysUntil, serverTlsOf, type CertificateEnd } from "./ends";
import type { ConnectionView, StageView } from "./types";

const UNKNOWN = "?";

export function useTlsTexts() {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  const dateOf = (day: string) => formats.day(day);
  const until = (day: string, daysLeft: number) =>
    t(daysLeft < 0 ? "tls.ended" : "tls.until", { date: dateOf(day), when: formats.days(daysLeft) });
  const issuerOf = (issuer: string) => (issuer === UNKNOWN ? t("tls.no_name") : issuer);
  /** The sentence of the tls row, or null where the server's own says it all. */
  const sentenceOf = (stage: StageView): string | null => {
    const found = serverTlsOf(stage);
    if (!found) return null;
    const daysLeft = daysUntil(found.expiresOn);
    const facts = t("tls.found", { version: found.version, issuer: issuerOf(found.issuer), until: until(found.expiresOn, daysLeft) });
    return stage.state === "warned" ? `${facts} ${t("tls.renew_server")}` : facts;
  };
  /** What ends and when, short enough for a list. */
  const endOf = ({ which, expiresOn, daysLeft }: CertificateEnd) =>
    t(`tls.end.${which}`, { until: until(expiresOn, daysLeft) });
  const adviceOf = ({ which }: CertificateEnd, { maintainer_name: name }: Pick<ConnectionView, "maintainer_name">) =>
    which === "server" && name ? t("tls.renew_server_by", { name }) : t(`tls.renew_${which}`);
  return { until, issuerOf, sentenceOf, endOf, adviceOf };
}
