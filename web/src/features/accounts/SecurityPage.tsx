// How one signs in, and where one is signed in: a person's own affair, whatever team they work in.
import { useTranslation } from "react-i18next";
import { useSignedIn } from "@/api/session";
import { Page } from "@/ui/Page";
import { Note } from "@/ui/States";
import { DevicesSection } from "./DevicesSection";
import { FactorSections } from "./factors/FactorSections";
import { PasswordSection } from "./PasswordSection";
import { IdentitiesSection } from "./provider/IdentitiesSection";

export function Component() {
  const { t } = useTranslation("security");
  const { t: identity } = useTranslation("identity");
  const { me } = useSignedIn();
  // Such a sign-in reaches none of this: one word about it instead of a page of refusals.
  if (me.is_bound) return <Page title={t("own.title")}><Note>{identity("own.bound")}</Note></Page>;
  return (
    <Page title={t("own.title")} intro={t("own.intro")}>
      {me.must_add_factor ? <Note tone="warn">{t("own.must_add")}</Note> : null}
      <PasswordSection />
      <FactorSections />
      {me.must_add_factor ? null : <IdentitiesSection />}
      <DevicesSection />
    </Page>
  );
}
