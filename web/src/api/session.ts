// Who is here, for every page behind the sign-in.
import { useSuspenseQuery } from "@tanstack/react-query";
import type { Schemas } from "./client";
import { sessionQuery, type SessionView } from "./queries";

export interface SignedIn {
  me: Schemas["Me"];
  team: Schemas["MyTeam"];
  session: SessionView;
  /** Owners and admins: the only two roles that ever touch a connection. */
  canManage: boolean;
}

/** The signed-in person. Only for pages below the router's sign-in guard, which makes both parts present. */
export function useSignedIn(): SignedIn {
  const { data: session } = useSuspenseQuery(sessionQuery);
  if (!session.me || !session.team) throw new Error("a signed-in page was rendered without a session");
  return { me: session.me, team: session.team, session, canManage: session.team.role !== "member" };
}
