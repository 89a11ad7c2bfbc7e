// Moments as an input of the browser writes them, in the person's own time zone, and as the server takes them.

const two = (value: number): string => String(value).padStart(2, "0");

/** "2026-11-27T18:20" of here. */
export function toLocal(moment: Date): string {
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}T${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

/** ISO 8601 in UTC; "" for what is no moment, which the server then refuses by field. */
export function toMoment(local: string): string {
  const moment = new Date(local);
  return Number.isNaN(moment.getTime()) ? "" : moment.toISOString();
}
