// What the team asks of everybody who signs in. Owners change it, admins see it.
import { useTranslation } from "react-i18next";
import { useSignedIn } from "@/api/session";
import { Page } from "@/ui/Page";
import { NoPermission, Note } from "@/ui/States";
import { IdentityProviderSection } from "./provider/IdentityProviderSection";
import { SecondFactorRule } from "./SecondFactorRule";
import { SessionLimits } from "./SessionLimits";

export function Component() {
  const { t } = useTranslation("security");
  const { team, canManage } = useSignedIn();
  if (!canManage) return <Page title={t("rules.title")}><NoPermission /></Page>;
  return (
    <Page title={t("rules.title")} intro={t("rules.intro")}>
      {team.role === "owner" ? null : <Note>{t("rules.owners_only")}</Note>}
      <SecondFactorRule />
      <SessionLimits />
      <IdentityProviderSection />
    </Page>
  );
}
