// Leaving: for another of one's teams, or altogether.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, asProblem, type Schemas } from "@/api/client";
import { keys, rememberSession, type SessionView } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { notify } from "@/ui/Announcer";
import { followNext } from "@/ui/overlays";
import { forgetDrafts } from "./useDraft";

export interface Account {
  name: string;
  otherTeams: readonly { id: string; name: string }[];
  signOut: () => void;
  switchTo: (teamId: string) => void;
}

const say = (error: unknown): void => notify(asProblem(error).message, "danger");

export function useAccount(): Account {
  const { me, team, session } = useSignedIn();
  const client = useQueryClient();
  const navigate = useNavigate();
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
    // From the palette nothing has the keyboard.
    followNext();
    await navigate("/");
  };
  return {
    name: me.name,
    otherTeams: (session.teams ?? []).filter((other) => other.id !== team.id),
    signOut: () => void signOut().catch(say),
    switchTo: (teamId) => void switchTo(teamId).catch(say),
  };
}
