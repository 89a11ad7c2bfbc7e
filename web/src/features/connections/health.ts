// What the list says about a connection's state, from stored facts only: no page ever asks an endpoint by itself (P22).
import type { Tone } from "@/ui/Badge";
import type { ConnectionView, Health } from "./types";

export interface HealthFacts {
  word: Health | "paused";
  tone: Tone;
  since: string | null;
  /** When it was last well; null while it is, and if it never was. */
  lastGood: string | null;
}

const tones: Record<Health | "paused", Tone> = {
  healthy: "ok",
  slow: "warn",
  refused: "danger",
  unreachable: "danger",
  unproven: "neutral",
  needs_key: "danger",
  paused: "neutral",
};

export function healthOf(connection: Pick<ConnectionView, "enabled" | "health" | "health_since" | "last_good">): HealthFacts {
  // A pause ends with a click; what was lost has to be entered.
  const word = connection.enabled || connection.health === "needs_key" ? connection.health : "paused";
  const isWell = word === "healthy" || word === "unproven" || word === "paused";
  return {
    word,
    tone: tones[word],
    since: word === "paused" || word === "unproven" ? null : (connection.health_since ?? null),
    lastGood: isWell ? null : (connection.last_good ?? null),
  };
}

const DAY_MS = 86_400_000;

/** As the first reminder comes: `REMINDED_DAYS_BEFORE` in moorage/connections/telling.py. */
const SOON_DAYS = 30;

/** "soon" from 30 days before the last day on which the key works; days are UTC. */
export function expiryOf(expiresOn: string | null, now = Date.now()): "none" | "later" | "soon" | "over" {
  if (!expiresOn) return "none";
  const left = Date.parse(`${expiresOn}T23:59:59Z`) - now;
  if (left < 0) return "over";
  return left < (SOON_DAYS + 1) * DAY_MS ? "soon" : "later";
}
