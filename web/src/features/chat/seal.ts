// The seal of the conversation that is open: what it admits, and what the picker says of the rest. The server decides.
import { createContext, useContext, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { PickerModel } from "@/api/queries";
import type { SealZone } from "@/sealing/zones";

export interface Seal {
  /** Null: not sealed. */
  zones: readonly SealZone[] | null;
  /** Since when labels count; null for one that is not stored yet. */
  since: string | null;
}

export interface OpenSeal extends Seal {
  /** What a conversation that is not stored yet may be sealed to at most; null: the team has decided nothing. */
  widest: readonly SealZone[] | null;
  /** Null: the conversation is not stored yet, and `setFresh` keeps what it will be sealed to. */
  conversationId: string | null;
  setFresh: (zones: readonly SealZone[] | null) => void;
}

const unsealed: OpenSeal = { zones: null, since: null, widest: null, conversationId: null, setFresh: () => {} };
export const SealContext = createContext<OpenSeal>(unsealed);
export const useOpenSeal = (): OpenSeal => useContext(SealContext);

type Outside = "outside" | "restated";

/** Why a model is outside of a seal, or null. */
export function outsideOf(seal: Seal, model: Pick<PickerModel, "zone" | "zone_since">): Outside | null {
  if (model.zone === "scripted" || seal.zones === null) return null;
  if (!seal.zones.some((zone) => zone === model.zone)) return "outside";
  return seal.since !== null && model.zone_since && Date.parse(model.zone_since) > Date.parse(seal.since) ? "restated" : null;
}

/** The models as this conversation may use them: those outside of its seal stay listed and say why they can't be asked. */
export function useWithinSeal(models: readonly PickerModel[] | undefined, seal: Seal): PickerModel[] {
  const { t } = useTranslation("seals");
  return useMemo(
    () =>
      (models ?? []).map((model) => {
        const outside = outsideOf(seal, model);
        if (!outside || !model.available) return model;
        return { ...model, available: false, problem: { code: "outside_seal", message: t(`out.${outside}`), retryable: false, field: null, retry_after_s: null } };
      }),
    [models, seal, t],
  );
}
