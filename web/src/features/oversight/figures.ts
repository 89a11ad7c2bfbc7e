// What statistics are about: days, ranges of them, breakdowns.
import type { Schemas } from "@/api/client";
import type { Tokens } from "@/ui/counted";

export type UsageLog = Schemas["UsageLog"];
export type UsageRow = Schemas["UsageRow"];

export interface DayPoint {
  day: string;
  tokensIn: number;
  tokensOut: number;
  tokens: Tokens;
}

/** What the breakdown is by. It stands in the address; whatever is not one of these is the first. */
export const BREAKDOWNS = ["model", "connection", "person"] as const;
export type Breakdown = (typeof BREAKDOWNS)[number];

export const readBreakdown = (text: string | null): Breakdown => BREAKDOWNS.find((one) => one === text) ?? "model";

/** One bar of a breakdown. */
export interface BarItem {
  key: string;
  name: string;
  tokensIn: number;
  tokensOut: number;
}

const MOST_BARS = 10;

/** The largest bars first, and no more of them than can be read at a glance. */
export const topBars = (items: readonly BarItem[]): BarItem[] =>
  items.toSorted((a, b) => b.tokensIn + b.tokensOut - a.tokensIn - a.tokensOut).slice(0, MOST_BARS);

const nothing: Tokens = { tokens_in: 0, tokens_out: 0, reported_calls: 0, estimated_calls: 0, missing_calls: 0 };

/** One point for every day of the range, also for days that nobody wrote on. */
export function pointsOf(log: Pick<UsageLog, "days">, from: string, to: string): DayPoint[] {
  const byDay = new Map(log.days.map((day) => [day.day, day.tokens]));
  return daysBetween(from, to).map((day) => {
    const tokens = byDay.get(day) ?? nothing;
    return { day, tokensIn: tokens.tokens_in, tokensOut: tokens.tokens_out, tokens };
  });
}

const DAY_MS = 86_400_000;
const parse = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const format = (time: number): string => new Date(time).toISOString().slice(0, 10);

function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let time = parse(from); time <= parse(to); time += DAY_MS) days.push(format(time));
  return days;
}

export const shiftDay = (day: string, by: number): string => format(parse(day) + by * DAY_MS);

export const today = (): string => format(Date.now());

export interface Range {
  from: string;
  to: string;
}

/** As the server has it. */
export const MAX_DAYS = 400;

/** The first day of the longest range that ends on a day. */
export const firstOf = (to: string): string => shiftDay(to, 1 - MAX_DAYS);

const isDay = (text: string | null): text is string => {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = parse(text);
  return !Number.isNaN(time) && format(time) === text;
};

/** The range of an address, UTC days, inclusive. Whatever is missing or wrong becomes the last 30 days. */
export function readRange(from: string | null, to: string | null, now: string): Range {
  const end = isDay(to) ? to : now;
  let start = isDay(from) ? from : shiftDay(end, -29);
  if (start > end) start = end;
  if (start < firstOf(end)) start = firstOf(end);
  return { from: start, to: end };
}

export type Preset = "week" | "month" | "quarter" | "this_month" | "last_month";

export function presetRange(preset: Preset, now: string): Range {
  switch (preset) {
    case "week":
      return { from: shiftDay(now, -6), to: now };
    case "month":
      return { from: shiftDay(now, -29), to: now };
    case "quarter":
      return { from: shiftDay(now, -89), to: now };
    case "this_month":
      return { from: `${now.slice(0, 7)}-01`, to: now };
    case "last_month": {
      const end = shiftDay(`${now.slice(0, 7)}-01`, -1);
      return { from: `${end.slice(0, 7)}-01`, to: end };
    }
  }
}

export const PRESETS: readonly Preset[] = ["week", "month", "quarter", "this_month", "last_month"];

export const presetOf = (range: Range, now: string): Preset | null =>
  PRESETS.find((preset) => {
    const other = presetRange(preset, now);
    return other.from === range.from && other.to === range.to;
  }) ?? null;
