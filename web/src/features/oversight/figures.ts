// Where a figure comes from (P16): reported by the endpoint, estimated by Moorage, or missing. A zero is never made up.
import type { Schemas } from "@/api/client";

export type Tokens = Schemas["Tokens"];
export type UsageLog = Schemas["UsageLog"];
export type UsageRow = Schemas["UsageRow"];

export const countedCalls = (tokens: Tokens): number =>
  tokens.reported_calls + tokens.estimated_calls + tokens.missing_calls;

export type Source = "none" | "reported" | "estimated" | "mixed" | "missing";

/** What the sum rests on. "missing": not one call has a figure, so the sum is unknown, not zero. */
export function sourceOf(tokens: Tokens): Source {
  const { reported_calls: reported, estimated_calls: estimated, missing_calls: missing } = tokens;
  if (reported + estimated + missing === 0) return "none";
  if (reported + estimated === 0) return "missing";
  if (estimated === 0) return "reported";
  return reported === 0 ? "estimated" : "mixed";
}

/** Part of the calls whose tokens the endpoint itself reported, 0 to 1; null without calls. */
export function reportedShare(tokens: Tokens): number | null {
  const calls = countedCalls(tokens);
  return calls === 0 ? null : tokens.reported_calls / calls;
}

/** "~" where an estimate is in the sum, "–" where nothing is known. */
export function figure(value: number, tokens: Tokens, format: (value: number) => string): string {
  const source = sourceOf(tokens);
  if (source === "missing") return "–";
  return source === "estimated" || source === "mixed" ? `~${format(value)}` : format(value);
}

export interface DayPoint {
  day: string;
  tokensIn: number;
  tokensOut: number;
  tokens: Tokens;
}

const nothing: Tokens = { tokens_in: 0, tokens_out: 0, reported_calls: 0, estimated_calls: 0, missing_calls: 0 };

/** One point for every day of the range, also for days that nobody wrote on. */
export function pointsOf(log: UsageLog, from: string, to: string): DayPoint[] {
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

export const MAX_DAYS = 366;

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
  if (start < shiftDay(end, 1 - MAX_DAYS)) start = shiftDay(end, 1 - MAX_DAYS);
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
