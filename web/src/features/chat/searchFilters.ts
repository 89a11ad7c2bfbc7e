// What a search is narrowed to. It lives in the address, as every filter does; the words looked for never do.
import type { Schemas } from "@/api/client";

/** The server looks for no longer words. */
export const mostChars = 200;

export const filterKinds = ["model", "with", "from", "to"] as const;
export type FilterKind = (typeof filterKinds)[number];
/** A model's reference, a person's id, and two days, both included. */
export type Filters = Readonly<Partial<Record<FilterKind, string>>>;

const nameOf = (kind: FilterKind): string => `find_${kind}`;
/** The server takes no later one: it could not be told in every time zone. */
export const lastDay = "9989-12-31";
export const isDay = (text: string): boolean => /^[2-9]\d{3}-\d{2}-\d{2}$/.test(text) && text <= lastDay && !Number.isNaN(Date.parse(text));
const isId = (text: string): boolean => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
const fits: Record<FilterKind, (text: string) => boolean> = { model: (text) => text.length <= 320, with: isId, from: isDay, to: isDay };

export function readFilters(params: URLSearchParams): Filters {
  return Object.fromEntries(filterKinds.flatMap((kind) => {
    const value = params.get(nameOf(kind));
    return value && fits[kind](value) ? [[kind, value]] : [];
  }));
}

/** The address's query with these filters in place of those before. */
export function writeFilters(params: URLSearchParams, filters: Filters): string {
  const next = new URLSearchParams(params);
  for (const kind of filterKinds) {
    const value = filters[kind];
    if (value) next.set(nameOf(kind), value);
    else next.delete(nameOf(kind));
  }
  return next.toString();
}

/** What the server is asked: a day begins and ends where the reader is. */
export function narrowing(filters: Filters): Pick<Schemas["SearchAsk"], "answered_by" | "shared_with" | "since" | "until"> {
  return {
    ...(filters.model ? { answered_by: filters.model } : {}),
    ...(filters.with ? { shared_with: filters.with } : {}),
    ...(filters.from ? { since: midnight(filters.from, 0) } : {}),
    ...(filters.to ? { until: midnight(filters.to, 1) } : {}),
  };
}

export function midnight(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}
