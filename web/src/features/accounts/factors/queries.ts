// One's own second factors as the server keeps them, and the acts that change them.
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { api, configureClient, type Schemas } from "@/api/client";
import { keys, rememberSession, type SessionView } from "@/api/queries";
import { makePasskey, type PasskeyOptions, readPasskey } from "./webauthn";

export type Factors = Schemas["FactorsView"];
export type Added = Schemas["FactorAdded"];
export type Setup = Schemas["AppSetup"];
export type Question = Schemas["PasskeyQuestion"];
export type PasskeyView = Schemas["PasskeyView"];

const own = "/api/second-factors";
export const appPath = `${own}/app`;
export const passkeyPath = (id: string): string => `${own}/passkeys/${encodeURIComponent(id)}`;

export const factorsQuery = queryOptions({
  queryKey: ["second-factors"] as const,
  queryFn: ({ signal }) => api.get<Factors>(own, signal),
});

export const beginApp = (): Promise<Setup> => api.post(appPath);
/** The sign-in goes on under a new cookie; the next act needs the token that fits it. */
async function goOn(adding: Promise<Added>): Promise<Added> {
  const added = await adding;
  configureClient({ csrfToken: added.csrf_token });
  return added;
}

export const confirmApp = (code: string, name: string): Promise<Added> => goOn(api.post(`${appPath}/confirmation`, { code, name }));
export const newRecoveryCodes = (): Promise<Schemas["RecoveryCodes"]> => api.post(`${own}/recovery-codes`);

export const askForNewPasskey = (): Promise<Question> => api.post(`${own}/passkey-question`);

export async function addPasskey(question: Question, name: string): Promise<Added> {
  const credential = await makePasskey(question.options as PasskeyOptions);
  return goOn(api.post(`${own}/passkeys`, { credential, name }));
}

export const proveByCode = (code: string): Promise<SessionView> => api.post("/api/session/proof/code", { code });

export async function proveByPasskey(): Promise<SessionView> {
  const question = await api.post<Question>("/api/session/proof/passkey-question");
  const credential = await readPasskey(question.options as PasskeyOptions);
  return api.post("/api/session/proof/passkey", { credential });
}

/** What changes with one's factors: the list of them, whether the team still asks for one, and who has one. */
export function useRemember() {
  const client = useQueryClient();
  return {
    factors: (view: Factors) => {
      client.setQueryData(factorsQuery.queryKey, view);
      void client.invalidateQueries({ queryKey: keys.session });
      void client.invalidateQueries({ queryKey: keys.team });
    },
    session: (view: SessionView) => {
      client.setQueryData(keys.session, rememberSession(view));
      return client.invalidateQueries({ queryKey: factorsQuery.queryKey });
    },
  };
}
