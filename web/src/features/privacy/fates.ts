// The lines of a dry run as they are told: what goes first, and each matter once.
import type { Schemas } from "@/api/client";

type Fate = Schemas["FateView"];

const order: readonly Fate["way"][] = ["goes", "pseudonym", "stays"];

/** Several tables can hold one matter: their rows are added up. */
export function inOrder(lines: readonly Fate[]): Fate[] {
  const merged = new Map<string, Fate>();
  for (const way of order) {
    for (const line of lines.filter((one) => one.way === way)) {
      const key = `${way} ${line.matter}`;
      const known = merged.get(key);
      merged.set(key, known ? { ...known, rows: known.rows + line.rows } : line);
    }
  }
  return [...merged.values()];
}
