// How often a connection's key was opened: a point for every day of the last thirty, quiet days too.
import type { Schemas } from "@/api/client";

export const USE_PURPOSES = ["reply", "title", "test", "discovery", "check", "resealing"] as const;
export type UsePurpose = (typeof USE_PURPOSES)[number];
export type UsePoint = { day: string } & Record<UsePurpose, number>;

const DAYS = 30;

export function pointsOfUses(days: readonly Schemas["KeyUseDay"][], today: string): UsePoint[] {
  const known = new Map(days.map((one) => [one.day, one.uses]));
  return Array.from({ length: DAYS }, (_, at) => {
    const day = new Date(Date.parse(`${today}T00:00:00Z`) - (DAYS - 1 - at) * 86_400_000).toISOString().slice(0, 10);
    const uses = known.get(day) ?? {};
    return { day, reply: uses.reply ?? 0, title: uses.title ?? 0, test: uses.test ?? 0, discovery: uses.discovery ?? 0, check: uses.check ?? 0, resealing: uses.resealing ?? 0 };
  });
}

export const totalOf = (point: UsePoint): number => USE_PURPOSES.reduce((sum, purpose) => sum + point[purpose], 0);
