// Zones, the words for a seal, and its mark where a conversation is read or listed.
import { Lock } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";

export type SealZone = Schemas["SealSet"]["zones"][number];
export const sealZones: readonly SealZone[] = ["own_hardware", "own_contract", "included", "router"];

/** "Sealed: own hardware only". */
export function useSealWords(): (zones: readonly SealZone[]) => string {
  const { t, i18n } = useTranslation("seals");
  return (zones) => {
    // German nouns keep their capital letter, and an adjective before them does not begin a sentence here.
    const inSentence = (word: string) => (i18n.language === "en" || / /.test(word) ? word.charAt(0).toLowerCase() + word.slice(1) : word);
    const [first, ...more] = sealZones.filter((zone) => zones.includes(zone)).map((zone) => inSentence(t(`zone.${zone}`)));
    if (more.length === 0) return t("mark.only", { zone: first ?? "–" });
    return t("mark.some", { zones: [first, ...more].join(", ") });
  };
}

export interface SealMarkProps {
  /** Null: not sealed, nothing is shown. */
  zones: readonly SealZone[] | null;
}

/** Below a title. */
export function SealMark({ zones }: SealMarkProps) {
  const words = useSealWords();
  if (!zones) return null;
  const said = words(zones);
  return (
    <p title={said} className="flex min-w-0 items-center gap-1 text-xs font-semibold text-muted">
      <Lock aria-hidden="true" className="size-3 shrink-0 text-ok" />
      <span className="truncate">{said}</span>
    </p>
  );
}

/** In a line of a list: the lock alone, with its words for who points at it or hears it. */
export function SealIcon({ zones }: SealMarkProps) {
  const words = useSealWords();
  if (!zones) return null;
  const said = words(zones);
  return <span role="img" aria-label={said} title={said} className="shrink-0"><Lock aria-hidden="true" className="inline size-3.5 align-[-2px] text-ok" /></span>;
}
