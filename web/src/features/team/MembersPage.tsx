// The team's people, its open invitations and its name.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { teamQuery } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { HandOver } from "./HandOver";
import { Invitations } from "./Invitations";
import { MemberList } from "./MemberList";
import { TeamName } from "./TeamName";

export function Component() {
  const { t } = useTranslation("team");
  const { t: common } = useTranslation();
  const { canManage, team: mine } = useSignedIn();
  const { data: team, error, refetch } = useQuery(teamQuery);
  return (
    <Page title={t("members.title")} intro={canManage ? t("members.intro") : t("members.intro_member")}>
      {!team && !error ? <Skeleton lines={6} label={common("loading")} /> : null}
      {!team && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {team ? <MemberList members={team.members} /> : null}
      {team && canManage ? <Invitations invitations={team.invitations} /> : null}
      {team && mine.role === "owner" ? <HandOver members={team.members} /> : null}
      {team && canManage ? <TeamName name={team.name} /> : null}
    </Page>
  );
}
