// Keeps what was typed in the wizard for this browser tab. Never the key: it isn't part of the form that is kept.
import { emptyForm, type Form } from "./wizard";

const KEY = "moorage.connection-draft";

export type TabStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The tab's storage, or null where the browser keeps it closed. */
export function tabStorage(): TabStorage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

export function saveDraft(storage: TabStorage | null, form: Form): void {
  try {
    storage?.setItem(KEY, JSON.stringify(form));
  } catch {
    // A full or closed storage costs the draft only.
  }
}

export function loadDraft(storage: TabStorage | null, maintainerId: string): Form {
  const fresh = emptyForm(maintainerId);
  try {
    const kept: unknown = JSON.parse(storage?.getItem(KEY) ?? "null");
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

export function dropDraft(storage: TabStorage | null): void {
  storage?.removeItem(KEY);
}
