// An owner's first steps: which there are, which are done, and which somebody has left out in this browser.
// Done is what the server says now, never that a link was pressed. Left out is no fact about the team, and so is kept
// in the browser alone, under the person's id, as a closed announcement is: elsewhere only what is still undone shows.

export const stepIds = ["model", "answer", "colleague", "factor"] as const;
export type StepId = (typeof stepIds)[number];

/** Whether each is done; undefined: not known, or not this person's to do. Then it is not listed. */
export type StepFacts = Readonly<Partial<Record<StepId, boolean>>>;

export interface Step {
  id: StepId;
  done: boolean;
}

const keyOf = (person: string): string => `moorage.firstSteps.${person}`;

/** What is listed, in its order; nothing once nothing is left to do. */
export function stepsOf(facts: StepFacts, leftOut: readonly StepId[]): Step[] {
  const listed = stepIds.flatMap((id) => {
    const done = facts[id];
    return done === undefined || leftOut.includes(id) ? [] : [{ id, done }];
  });
  return listed.some((step) => !step.done) ? listed : [];
}

export function readLeftOut(person: string): StepId[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(keyOf(person)) ?? "[]");
    return Array.isArray(stored) ? stepIds.filter((id) => stored.includes(id)) : [];
  } catch {
    // Storage may be closed, or hold what nobody of ours wrote: then all of it is listed.
    return [];
  }
}

export function writeLeftOut(person: string, leftOut: readonly StepId[]): void {
  try {
    localStorage.setItem(keyOf(person), JSON.stringify(leftOut));
  } catch {
    // Left out until the page is loaded anew.
  }
}
