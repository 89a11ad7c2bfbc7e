// Who is here, for every page behind the sign-in.
import { createContext, use } from "react";
import type { Schemas } from "./client";
import type { SessionView } from "./queries";

export interface SignedIn {
  me: Schemas["Me"];
  team: Schemas["MyTeam"];
  session: SessionView;
  /** Owners and admins: the only two roles that ever touch a connection. */
  canManage: boolean;
}

/**
 * The session as the sign-in guard saw it, which gives it. Not the stored one: that ends first, and a page drawn for
 * another reason in between, as by a refused message, would find nobody.
 */
export const SessionContext = createContext<SessionView | null>(null);

/** The signed-in person. Only for pages below the sign-in guard (app/WhileSignedIn.tsx), which makes both parts present. */
export function useSignedIn(): SignedIn {
  const session = use(SessionContext);
  if (!session?.me || !session.team) throw new Error("a signed-in page was rendered without a session");
  return { me: session.me, team: session.team, session, canManage: session.team.role !== "member" };
}
