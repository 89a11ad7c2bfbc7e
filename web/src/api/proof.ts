// Acts that the server does only for somebody who has just proved who they are: ask, then do the act again.
import { queryOptions } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, ProblemError, type Schemas } from "./client";

/** What is asked for: any way will do, or a second factor in particular. */
export type Proof = "any" | "second_factor";

/** Whoever shows the dialog; resolves to whether the person proved it. */
type Asker = (proof: Proof) => Promise<boolean>;

const asks = new Map<string, Proof>([
  ["proof_needed", "any"],
  ["factor_proof_needed", "second_factor"],
]);

let asker: Asker | null = null;
let isAsked = false;
const listeners = new Set<() => void>();

/** The dialog on the page offers itself, and takes itself back when it goes. */
export function offerProof(ask: Asker): () => void {
  asker = ask;
  return () => {
    if (asker === ask) asker = null;
  };
}

function mark(asked: boolean): void {
  isAsked = asked;
  for (const tell of listeners) tell();
}

function listen(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** True while somebody is asked: other dialogs step aside meanwhile, as two would take the focus from each other. */
export const useIsProofAsked = (): boolean => useSyncExternalStore(listen, () => isAsked);

async function asking<T>(what: () => Promise<T>): Promise<T> {
  mark(true);
  try {
    return await what();
  } finally {
    mark(false);
  }
}

/** Asks for a proof though no act was refused. */
export const askForProof = (proof: Proof): Promise<boolean> => asking(async () => (await asker?.(proof)) ?? false);

/**
 * Does `act`; where the server wants a proof first, asks for one and does it again. Declined, it throws as before.
 * A password may be proof enough and the second factor be asked for after it: so twice, and never a third time.
 */
export async function withProof<T>(act: () => Promise<T>, left = 2): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const proof = error instanceof ProblemError ? asks.get(error.problem.code) : undefined;
    if (!proof || left === 0) throw error;
    // Until the act is done, so that the dialog it came from does not flash up in between.
    return asking(async () => {
      if (!(await asker?.(proof))) throw error;
      return withProof(act, left - 1);
    });
  }
}

export type ProofWays = Schemas["ProofWays"];
export type ProofWay = ProofWays["ways"][number];

/** Never what was true a while ago: a way that is gone must not be offered. Each place that asks has an answer of its own. */
export const proofWaysQuery = (place: "dialog" | "page") =>
  queryOptions({
    queryKey: ["proof-ways", place] as const,
    queryFn: ({ signal }) => api.get<ProofWays>("/api/session/proof", signal),
    staleTime: 0,
    gcTime: 0,
  });
