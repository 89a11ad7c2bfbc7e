// What the team has decided for conversations, and what is done about single ones by their id, unread.
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { useSignedIn } from "@/api/session";
import { Page } from "@/ui/Page";
import { NoPermission } from "@/ui/States";
import { DefaultRules } from "./DefaultRules";
import { LookUpSeal } from "./LookUpSeal";
import { TeamReceipts } from "./TeamReceipts";

export function Component() {
  const { t } = useTranslation("sealing");
  const { team, canManage } = useSignedIn();
  const [search] = useSearchParams();
  if (!canManage) return <Page title={t("page.title")}><NoPermission /></Page>;
  return (
    <Page title={t("page.title")} intro={t("page.intro", { team: team.name })}>
      {/* Who came by a member's link came for that. */}
      {search.has("id") ? <LookUpSeal /> : null}
      <DefaultRules />
      {search.has("id") ? null : <LookUpSeal />}
      {team.role === "owner" ? <TeamReceipts /> : null}
    </Page>
  );
}
