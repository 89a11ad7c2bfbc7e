// Who behind a router keeps nothing of a model's words, and what that makes of the policy that is set. Pure rules.
import type { Model } from "./profiles";
import type { FoundModel } from "./types";

export type Policy = Model["profile"]["habits"]["data_policy"];
type Facts = Pick<FoundModel["facts"], "no_retention_hosts">;

/** "unknown": nobody told, which is not "none". */
export function keepersOf({ no_retention_hosts: hosts }: Facts): "some" | "none" | "unknown" {
  if (hosts === null) return "unknown";
  return hosts.length > 0 ? "some" : "none";
}

/** Nothing may be kept, and everybody keeps: every call would be refused. What is not known is not warned of. */
export const isUnmet = (facts: Facts, policy: Policy | null): boolean => policy === "no_retention" && keepersOf(facts) === "none";
