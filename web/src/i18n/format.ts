// Dates, times and numbers in the person's language. Everything goes through Intl.
import { useTranslation } from "react-i18next";

export interface Formats {
  number: (value: number) => string;
  /** 12.3k or 12.300, short. */
  compact: (value: number) => string;
  /** US dollars, with as many digits as a price per million tokens needs. */
  dollars: (value: number) => string;
  /** 0 to 1 as whole percent. */
  percent: (share: number) => string;
  /** The day on which a moment is, here. */
  date: (iso: string) => string;
  /** A day of the calendar, "2026-11-27", as it stands there: no time zone moves it. */
  day: (day: string) => string;
  dateTime: (iso: string) => string;
  time: (iso: string) => string;
  /** 420 ms or 1.8 s. */
  duration: (ms: number) => string;
  /** "3 days ago", from now. */
  ago: (iso: string) => string;
  /** "in 6 days", "tomorrow", "2 days ago". */
  days: (count: number) => string;
}

function makeFormats(locale: string): Formats {
  const number = new Intl.NumberFormat(locale);
  const dollars = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", maximumFractionDigits: 3 });
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1, useGrouping: "always" });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  return {
    number: (value) => number.format(value),
    compact: (value) => compact.format(value),
    dollars: (value) => dollars.format(value),
    percent: (share) => percent.format(share),
    date: (iso) => date.format(new Date(iso)),
    // A date without a time is read as UTC.
    day: (iso) => day.format(new Date(iso)),
    dateTime: (iso) => dateTime.format(new Date(iso)),
    time: (iso) => time.format(new Date(iso)),
    // The symbols are the same in every language (SI), Intl's short words are not: "1.8s", "1,8 Sek.".
    duration: (ms) => (ms < 1000 ? `${whole.format(ms)}\u00a0ms` : `${tenths.format(ms / 1000)}\u00a0s`),
    ago: (iso) => {
      const s = (new Date(iso).getTime() - Date.now()) / 1000;
      const steps: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
      for (const [unit, size] of steps) if (Math.abs(s) >= size) return relative.format(Math.trunc(s / size), unit);
      return relative.format(0, "second");
    },
    days: (count) => relative.format(count, "day"),
  };
}

const made = new Map<string, Formats>();

export function formatsFor(locale: string): Formats {
  let formats = made.get(locale);
  if (!formats) made.set(locale, (formats = makeFormats(locale)));
  return formats;
}

export function useFormats(): Formats {
  return formatsFor(useTranslation().i18n.language);
}
