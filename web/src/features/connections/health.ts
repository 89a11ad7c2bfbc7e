// What the list says about a connection's state, from stored facts only: no page ever asks an endpoint by itself (P22).
import type { Tone } from "@/ui/Badge";
import type { ConnectionView, Health, StageName } from "./types";

export interface HealthFacts {
  word: Health | "paused";
  tone: Tone;
  /** The stage at which the last test stopped. */
  stoppedAt: StageName | null;
  testedAt: string | null;
}

const tones: Record<Health | "paused", Tone> = {
  healthy: "ok",
  slow: "warn",
  refused: "danger",
  unreachable: "danger",
  unproven: "neutral",
  paused: "neutral",
};

export function healthOf(connection: Pick<ConnectionView, "enabled" | "health" | "last_test">): HealthFacts {
  const word = connection.enabled ? connection.health : "paused";
  const test = connection.last_test;
  const failed = test?.stages.find((stage) => stage.state === "failed");
  return { word, tone: tones[word], stoppedAt: failed?.stage ?? null, testedAt: test?.at ?? null };
}

const DAY_MS = 86_400_000;

/** "soon" from 14 days before the last day on which the key works. */
export function expiryOf(expiresOn: string | null, now = Date.now()): "none" | "later" | "soon" | "over" {
  if (!expiresOn) return "none";
  const left = Date.parse(`${expiresOn}T23:59:59Z`) - now;
  if (left < 0) return "over";
  return left < 14 * DAY_MS ? "soon" : "later";
}
