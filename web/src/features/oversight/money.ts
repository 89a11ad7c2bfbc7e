// Amounts as people read them, and prices as people write them. What the server said stays a decimal in a text.
import type { Schemas } from "@/api/client";

export type Price = Schemas["PriceView"];
export type Cost = Schemas["CostView"];

const MOST_PLACES = 6;

function formatOf(locale: string, currency: string, places: number): Intl.NumberFormat {
  return new Intl.NumberFormat(locale, { style: "currency", currency, minimumFractionDigits: 2, maximumFractionDigits: places });
}

const text = (amount: string) => amount as Intl.StringNumericLiteral;

/** "€1,234.57"; below one, as many places as it takes to see two digits. */
export function money(locale: string, currency: string, amount: string): string {
  const zeros = /^0\.(0*)[1-9]/.exec(amount)?.[1]?.length;
  return formatOf(locale, currency, zeros === undefined ? 2 : Math.min(zeros + 2, 12)).format(text(amount));
}

/** A price with every place that was entered. */
export const priceText = (locale: string, currency: string, amount: string): string => formatOf(locale, currency, MOST_PLACES).format(text(amount));

/** "~" where an estimate is in it; null where nobody counted anything, which is not free. */
export function costText(locale: string, cost: Cost, calls: number): string | null {
  if (cost.missing_calls >= calls) return null;
  return `${cost.estimated_calls > 0 ? "~" : ""}${money(locale, cost.currency, cost.amount)}`;
}

/** What somebody typed as an exact decimal, with a point or a comma before its places; null for anything else. */
export function readPrice(typed: string): string | null {
  const tidy = typed.trim().replace(",", ".");
  return /^\d{1,7}(\.\d{1,6})?$/.test(tidy) ? tidy : null;
}

export const readCurrency = (typed: string): string | null => (/^[a-z]{3}$/i.test(typed.trim()) ? typed.trim().toUpperCase() : null);
