// The models that a question goes to at once: of the next message while "Compare" is on, or of one that was asked.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { modelsQuery, type PickerModel } from "@/api/queries";
import { type Seal, useWithinSeal } from "../seal";
import type { ModelChoice } from "../useModelChoice";

const fewest = 2;
const most = 4;
const storageKey = "moorage.lastCompared"; // acts.ts writes it

export interface Picks {
  models: readonly PickerModel[];
  isBlind: boolean;
  hasEnough: boolean;
  hasRoom: boolean;
  /** Whether a message can go to all of them now. */
  isReady: boolean;
  add: (ref: string) => void;
  drop: (ref: string) => void;
  setBlind: (isBlind: boolean) => void;
}

export interface Several extends Picks {
  isOn: boolean;
  toggle: () => void;
}

function readLast(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? "[]");
    return Array.isArray(stored) ? stored.filter((ref) => typeof ref === "string") : [];
  } catch {
    return [];
  }
}

/** `from`: what it begins with; null: with none, until `start` is told. */
export function usePicks(seal: Seal, from: string | null): Picks & { refs: readonly string[] | null; start: (first: string | null) => void; end: () => void } {
  const { data } = useQuery(modelsQuery);
  const known = useWithinSeal(data?.models, seal);
  const isOpen = (ref: string) => known.some((model) => model.ref === ref && model.available);
  const begin = (first: string | null): readonly string[] => [...new Set([...(first ? [first] : []), ...readLast()])].filter(isOpen).slice(0, most);
  const [refs, setRefs] = useState<readonly string[] | null>(() => (from === null ? null : begin(from)));
  const [isBlind, setBlind] = useState(false);
  const models = (refs ?? []).flatMap((ref) => known.find((model) => model.ref === ref) ?? []);
  return {
    refs,
    models,
    isBlind,
    hasEnough: models.length >= fewest,
    hasRoom: models.length < most,
    isReady: models.length >= fewest && models.every((model) => model.available),
    start: (first) => setRefs(begin(first)),
    end: () => setRefs(null),
    add: (ref) => setRefs([...new Set([...(refs ?? []), ref])].slice(0, most)),
    drop: (ref) => setRefs((refs ?? []).filter((one) => one !== ref)),
    setBlind,
  };
}

export function useSeveral(choice: ModelChoice, seal: Seal): Several {
  const { refs, start, end, ...picks } = usePicks(seal, null);
  return { ...picks, isOn: refs !== null, toggle: () => (refs ? end() : start(choice.ref)) };
}
