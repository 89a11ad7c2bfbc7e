// Before the words of a conversation leave own hardware for the first time, somebody says yes to each model by name.
import { useQuery } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { modelsQuery } from "@/api/queries";
import type { Again } from "./data";
import { elsewhere, leavesOwnHardware } from "./leaving";
import { type Outgoing, refsOf, type Sender } from "./useSend";

export interface Question {
  /** The models that the words would go to. */
  refs: readonly string[];
  /** The last message that would go along. */
  untilId: string | null;
}

export interface Leaving {
  /** Whether somebody has said yes to all of these that are elsewhere. */
  mayGoTo: (refs: readonly string[]) => boolean;
  /** What the person is asked now. */
  question: Question | null;
  /** Another answer was refused with the question. `ref`: the model it was asked of. */
  ask: (wish: Again, ref: string) => void;
  leave: (again: (wish: Again) => void, retry: () => void) => void;
  stay: () => void;
}

export function useLeaving(failed: Sender["failed"], forget: () => void): Leaving {
  const { data } = useQuery(modelsQuery);
  const [asked, setAsked] = useState<{ wish: Again; ref: string } | null>(null);
  // A yes to one model is none to another: what is asked next may go elsewhere.
  const allowed = useRef(new Set<string>());
  const models = data?.models;
  const mayGoTo = useCallback((refs: readonly string[]) => elsewhere(models, refs).every((ref) => allowed.current.has(ref)), [models]);
  const question = asked ? { refs: [asked.ref], untilId: asked.wish.messageId } : ofMessage(failed);
  return {
    mayGoTo,
    question,
    ask: useCallback((wish: Again, ref: string) => setAsked({ wish, ref }), []),
    leave: (again, retry) => {
      for (const ref of elsewhere(models, question?.refs ?? [])) allowed.current.add(ref);
      setAsked(null);
      if (asked) again(asked.wish);
      else retry();
    },
    stay: () => (setAsked(null), forget()),
  };
}

function ofMessage(failed: { outgoing: Outgoing; problem: { code: string } } | null): Question | null {
  if (failed?.problem.code !== leavesOwnHardware) return null;
  return { refs: refsOf(failed.outgoing), untilId: failed.outgoing.parentId };
}
