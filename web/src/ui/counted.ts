// Where a figure comes from (P16): reported by the endpoint, estimated by Moorage, or missing. A zero is never made up.
import type { Schemas } from "@/api/client";

export type Tokens = Schemas["Tokens"];

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

/** Part of the calls that failed, 0 to 1; null without calls. */
export const failedShare = (of: { calls: number; failed_calls: number }): number | null => (of.calls === 0 ? null : of.failed_calls / of.calls);

/** A share that may be small: one in a thousand is not none, and all but one is not all. */
export function rateText(locale: string, share: number | null): string {
  if (share === null) return "–";
  const cut = share > 0.5 ? Math.floor(share * 1000) / 1000 : Math.ceil(share * 1000) / 1000;
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }).format(cut);
}
