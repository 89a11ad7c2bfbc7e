// The team's identity provider: every act answers with how it stands then.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ProblemError, type Problem, type Schemas, send } from "@/api/client";
import { withProof } from "@/api/proof";
import { readEvents } from "@/stream/sse";

export type SignInRules = Schemas["SignInRulesView"];
export type Provider = Schemas["IdentityProviderView"];
export type ProviderInput = Schemas["IdentityProviderInput"];
export type Role = Schemas["RoleRule"]["role"];
export type Stage = Schemas["ProviderStageView"];

const path = "/api/team/identity-provider";
const rulesKey = ["identity-provider"] as const;

export const rulesQuery = queryOptions({ queryKey: rulesKey, queryFn: ({ signal }) => api.get<SignInRules>(path, signal) });

function useAct<T>(act: (wish: T) => Promise<SignInRules>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish: T) => withProof(() => act(wish)),
    onSuccess: async (rules) => {
      client.setQueryData(rulesKey, rules);
      // Demanding the provider may end the very sign-in that asked for it: the next question finds out.
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "identities" || queryKey[0] === rulesKey[0] });
    },
  });
}

export const useSave = () => useAct((input: ProviderInput) => api.put<SignInRules>(path, input));
export const useSwitch = () => useAct((wish: { enabled: boolean; only: boolean }) => api.patch<SignInRules>(path, wish));
export const useRemove = () => useAct(() => api.delete<SignInRules>(path));

/** Walks the stages; `onStage` gets each as it comes. Gives whether all passed; throws what stopped the test itself. */
export async function testProvider(onStage: (stage: Stage) => void, signal: AbortSignal): Promise<boolean> {
  const response = await send("POST", `${path}/tests`, { body: {}, signal, headers: { Accept: "text/event-stream" } });
  let passed = false;
  await readEvents(response, ({ event, data }) => {
    if (event === "stage") onStage(JSON.parse(data) as Stage);
    if (event === "finished") passed = (JSON.parse(data) as Schemas["ProviderTestFinished"]).passed;
    if (event === "problem") throw new ProblemError(response.status, JSON.parse(data) as Problem, null);
  });
  return passed;
}
