// Puts conversations under the day they were last written in: today, yesterday, this week, then by month.
import type { ConversationLine } from "./data";

export type DayGroup = { kind: "today" | "yesterday" | "week" } | { kind: "month"; at: string };

export interface Day {
  group: DayGroup;
  lines: ConversationLine[];
}

const dayMs = 86_400_000;

export function groupOf(updatedAt: string, now: Date): DayGroup {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const at = new Date(updatedAt).getTime();
  if (at >= midnight) return { kind: "today" };
  if (at >= midnight - dayMs) return { kind: "yesterday" };
  if (at >= midnight - 7 * dayMs) return { kind: "week" };
  const date = new Date(at);
  return { kind: "month", at: new Date(date.getFullYear(), date.getMonth()).toISOString() };
}

const nameOf = (group: DayGroup) => (group.kind === "month" ? group.at : group.kind);

export function byDay(lines: readonly ConversationLine[], now: Date): Day[] {
  const days = new Map<string, Day>();
  for (const line of lines) {
    const group = groupOf(line.updated_at, now);
    const day = days.get(nameOf(group));
    if (day) day.lines.push(line);
    else days.set(nameOf(group), { group, lines: [line] });
  }
  return [...days.values()];
}
