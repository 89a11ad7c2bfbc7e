// Who is signed in: other teams, and the way out.
import { useQueryClient } from "@tanstack/react-query";
import { CircleUser, LogOut, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, asProblem, type Schemas } from "@/api/client";
import { keys, rememberSession, type SessionView } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { notify } from "@/ui/Announcer";
import { IconButton } from "@/ui/Button";
import { Menu } from "@/ui/Menu";
import { forgetDrafts } from "./useDraft";

export function AccountMenu() {
  const { t } = useTranslation();
  const { me, team, session } = useSignedIn();
  const client = useQueryClient();
  const navigate = useNavigate();
  const say = (error: unknown) => notify(asProblem(error).message, "danger");
  const signOut = async () => {
    await api.post<Schemas["Done"]>("/api/sign-out");
    // Nothing of this person may be shown to the next one at this desk. A full load also forgets every query.
    forgetDrafts();
    location.assign("/sign-in");
  };
  const switchTo = async (teamId: string) => {
    const view = rememberSession(await api.post<SessionView>("/api/session/team", { team_id: teamId }));
    client.clear();
    client.setQueryData(keys.session, view);
    await navigate("/");
  };
  return (
    <Menu
      trigger={<IconButton label={t("account.menu", { name: me.name })}><CircleUser aria-hidden="true" /></IconButton>}
      entries={[
        ...(session.teams ?? []).filter((other) => other.id !== team.id).map((other) => ({ label: t("team.switch", { name: other.name }), icon: <Users aria-hidden="true" />, onSelect: () => void switchTo(other.id).catch(say) })),
        { label: t("account.signOut"), icon: <LogOut aria-hidden="true" />, onSelect: () => void signOut().catch(say) },
      ]}
    />
  );
}
