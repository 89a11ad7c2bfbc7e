// What came of signing in at the provider to test it: what follows, in words, and nothing of what the provider said.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schemas } from "@/api/client";
import { buttonClass } from "@/ui/Button";
import { Note } from "@/ui/States";
import { Calm } from "../Calm";

export function TrialResult({ found }: { found: Schemas["ProviderFound"] }) {
  const { t } = useTranslation("identity");
  const { t: common } = useTranslation();
  const mail = found.is_mail_verified && found.has_mail ? "verified" : found.has_mail ? "unverified" : "missing";
  return (
    <Calm title={t("trial.passed")} intro={t("trial.believed")}>
      <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-[auto_1fr]">
        <dt className="text-muted">{t("trial.role")}</dt>
        <dd>{found.role ? common(`role.${found.role}`) : t("trial.no_role")}</dd>
        <dt className="text-muted">{t("trial.groups")}</dt>
        <dd className="tnum">{found.groups}</dd>
        <dt className="text-muted">{t("trial.mail")}</dt>
        <dd>{t(`trial.mail_${mail}`)}</dd>
        <dt className="text-muted">{t("trial.link")}</dt>
        <dd>{found.is_linked ? t("trial.linked") : t("trial.unlinked")}</dd>
      </dl>
      {mail === "verified" ? null : <Note tone="warn">{t("trial.mail_matters")}</Note>}
      <Link to="/settings/team/sign-in" className={buttonClass("primary")}>{t("trial.go_on")}</Link>
    </Calm>
  );
}
