// Which announcements somebody has closed in this browser: by id, and up to which edition of it.

export type Closed = Readonly<Record<string, number>>;
interface Known {
  id: string;
  edition: number;
}

const keyOf = (person: string): string => `moorage.announcements.${person}`;

export const isOpen = (closed: Closed, one: Known): boolean => (closed[one.id] ?? 0) < one.edition;

/** Keeps only what is still shown, so that it never grows. */
export function withClosed(closed: Closed, one: Known, shown: readonly Known[]): Closed {
  const ids = new Set(shown.map((other) => other.id));
  return { ...Object.fromEntries(Object.entries(closed).filter(([id]) => ids.has(id))), [one.id]: one.edition };
}

export function readClosed(person: string): Closed {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(keyOf(person)) ?? "{}");
    if (typeof stored !== "object" || stored === null) return {};
    return Object.fromEntries(Object.entries(stored).filter((entry): entry is [string, number] => typeof entry[1] === "number"));
  } catch {
    // Storage may be closed, or hold what nobody of ours wrote: then it is shown again.
    return {};
  }
}

export function writeClosed(person: string, closed: Closed): void {
  try {
    localStorage.setItem(keyOf(person), JSON.stringify(closed));
  } catch {
    // Closed until the page is loaded anew.
  }
}
