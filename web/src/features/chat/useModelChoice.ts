// Which model the next message goes to: what was picked here, else what answered last here, else what was used last anywhere.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { modelsQuery, type PickerModel } from "@/api/queries";
import { type Seal, useWithinSeal } from "./seal";

const storageKey = "moorage.lastModel";

function readLast(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

export function rememberModel(ref: string): void {
  try {
    localStorage.setItem(storageKey, ref);
  } catch {
    // A preference only; the next new chat starts with the first model.
  }
}

export interface ModelChoice {
  ref: string | null;
  /** Undefined while loading or when the model is gone from the picker; the choice stays with it either way (P20). */
  model: PickerModel | undefined;
  isLoading: boolean;
  hasAny: boolean;
  /** Whether one of them takes a message now: of a suspended team's, none does. */
  hasOpen: boolean;
  choose: (ref: string) => void;
}

export function useModelChoice(lastHere: string | null, seal: Seal): ModelChoice {
  const { data, isPending } = useQuery(modelsQuery);
  const [picked, setPicked] = useState<string | null>(null);
  const models = useWithinSeal(data?.models, seal);
  const isKnown = (ref: string | null) => ref !== null && models.some((m) => m.ref === ref);
  const last = readLast();
  // Only a chat without any answer may start with a model nobody chose.
  const isOpen = models.some((m) => m.ref === last && m.available);
  const fallback = isKnown(last) && (isOpen || seal.zones === null) ? last : (models.find((m) => m.available)?.ref ?? null);
  const ref = picked ?? lastHere ?? fallback;
  return { ref, model: models.find((m) => m.ref === ref), isLoading: isPending, hasAny: models.length > 0, hasOpen: models.some((m) => m.available), choose: setPicked };
}
