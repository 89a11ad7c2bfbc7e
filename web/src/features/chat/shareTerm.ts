// Until when a conversation is shared: people say a last day, the server keeps the moment at which it is over here.
import { isDay, midnight } from "./searchFilters";

/** The server takes no later one. */
const mostYears = 10;

const dayAt = (moment: Date): string =>
  `${moment.getFullYear()}-${String(moment.getMonth() + 1).padStart(2, "0")}-${String(moment.getDate()).padStart(2, "0")}`;

/** The days that may be the last one: today and ten years from it. */
export function lastDays(now = new Date()): { first: string; last: string } {
  return { first: dayAt(now), last: dayAt(new Date(now.getFullYear() + mostYears, now.getMonth(), now.getDate())) };
}

export function canBeLast(day: string, now = new Date()): boolean {
  const { first, last } = lastDays(now);
  return isDay(day) && day >= first && day <= last;
}

/** The end of a day, here. */
export const endOf = (day: string): string => midnight(day, 1);

/** The day in whose course, or at whose end, a moment is. */
export const lastDayOf = (endsAt: string): string => dayAt(new Date(new Date(endsAt).getTime() - 1));

/** The last day in words; with its time where the moment is within one, as told from another time zone. */
export function toldEnd(endsAt: string, { date, dateTime }: { date: (iso: string) => string; dateTime: (iso: string) => string }): string {
  const day = lastDayOf(endsAt);
  return new Date(endOf(day)).getTime() === new Date(endsAt).getTime() ? date(`${day}T12:00`) : dateTime(endsAt);
}
