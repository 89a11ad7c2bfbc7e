// What team pages change. Every act answers with the whole team, which then is the team everywhere.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { withProof } from "@/api/proof";
import { keys, rememberSession, type SessionView } from "@/api/queries";

export type TeamView = Schemas["TeamView"];
export type MemberView = Schemas["MemberView"];
export type Role = MemberView["role"];
export type InvitationMade = Schemas["InvitationMade"];

const member = (userId: string) => `/api/team/members/${encodeURIComponent(userId)}`;

export type TeamAct =
  | { kind: "rename"; name: string }
  | { kind: "role"; userId: string; role: Role }
  | { kind: "remove"; userId: string }
  | { kind: "sign_out"; userId: string }
  | { kind: "hand_over"; userId: string }
  | { kind: "revoke"; invitationId: string };

function send(act: TeamAct): Promise<TeamView> {
  switch (act.kind) {
    case "rename":
      return api.patch("/api/team", { name: act.name });
    case "role":
      return api.patch(member(act.userId), { role: act.role });
    case "remove":
      return api.delete(member(act.userId));
    case "sign_out":
      return api.delete(`${member(act.userId)}/sign-ins`);
    case "hand_over":
      return api.post("/api/team/owner", { user_id: act.userId });
    case "revoke":
      return api.delete(`/api/team/invitations/${encodeURIComponent(act.invitationId)}`);
  }
}

export function useTeamAct() {
  const client = useQueryClient();
  return useMutation({
    // Whatever touches an owner asks first who is at the keyboard.
    mutationFn: (act: TeamAct) => withProof(() => send(act)),
    onSuccess: async (team) => {
      client.setQueryData(keys.team, team);
      // The session shows the team's name and one's own role.
      await client.invalidateQueries({ queryKey: keys.session });
    },
  });
}

export function useInvite() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Partial<Schemas["InvitationMake"]>) => withProof(() => api.post<InvitationMade>("/api/team/invitations", body)),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.team }),
    // The answer holds the link, which is shown once and kept nowhere.
    gcTime: 0,
  });
}

export function useProfileChange() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name?: string; locale?: "en" | "de" }) => api.patch<SessionView>("/api/profile", body),
    onSuccess: (session) => {
      client.setQueryData(keys.session, rememberSession(session));
      // Sentences from the server are in the old language until they are asked for again.
      void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== keys.session[0] });
    },
  });
}
