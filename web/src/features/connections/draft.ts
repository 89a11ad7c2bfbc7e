// Keeps what was typed in the wizard for this browser tab, for one person in one team. Never the key and never a private
// key: neither is part of the form, and one that was pasted into the wrong field isn't kept either.
import { countPem } from "./pem";
import { emptyForm, type Form } from "./wizard";

export type TabStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Where a draft lies and whose it is: another person in the same tab, or the same one in another team, finds none. */
export interface DraftPlace {
  storage: TabStorage | null;
  personId: string;
  teamId: string;
}

const keyOf = ({ personId, teamId }: DraftPlace) => `moorage.connection-draft.${teamId}.${personId}`;

/** The tab's storage, or null where the browser keeps it closed. */
export function tabStorage(): TabStorage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

export function saveDraft(place: DraftPlace, form: Form): void {
  try {
    const caPem = countPem(form.caPem).keys === 0 ? form.caPem : "";
    place.storage?.setItem(keyOf(place), JSON.stringify({ ...form, caPem }));
  } catch {
    // A full or closed storage costs the draft only.
  }
}

/** What this person typed before, else an empty form with them as maintainer. */
export function loadDraft(place: DraftPlace): Form {
  const fresh = emptyForm(place.personId);
  try {
    const kept: unknown = JSON.parse(place.storage?.getItem(keyOf(place)) ?? "null");
    if (typeof kept !== "object" || kept === null) return fresh;
    // Only known fields, only of the known kind: a draft of another release must not break the page.
    const entries = Object.entries(kept).filter(
      ([name, value]) => name in fresh && (typeof value === typeof fresh[name as keyof Form] || name === "zone"),
    );
    return { ...fresh, ...(Object.fromEntries(entries) as Partial<Form>) };
  } catch {
    return fresh;
  }
}

export function dropDraft(place: DraftPlace): void {
  place.storage?.removeItem(keyOf(place));
}
