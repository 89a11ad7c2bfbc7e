// The way to an identity provider: each act leaves this page, and the page of the return goes on.
import { useMutation } from "@tanstack/react-query";
import { api, type Schemas } from "./client";
import { withProof } from "./proof";

/** Leaves for the provider's page. The server made the address from the provider's own document. */
async function leave(path: string, body: unknown): Promise<void> {
  const { url } = await withProof(() => api.post<Schemas["ProviderBegun"]>(path, body));
  location.assign(url);
  // The page is on its way out; its buttons stay busy until it is gone.
  await new Promise(() => {});
}

export const useProviderSignIn = () =>
  useMutation({ mutationFn: (wish: { teamId: string | null; next: string }) => leave("/api/sign-in/provider", { team_id: wish.teamId, next: wish.next }) });

export const useLink = () => useMutation({ mutationFn: (teamId: string | null) => leave("/api/identities", { team_id: teamId }) });

export const useProviderProof = () => useMutation({ mutationFn: (next: string) => leave("/api/session/proof/provider", { next }) });

export const useTrialSignIn = () => useMutation({ mutationFn: () => leave("/api/team/identity-provider/trial", {}) });
