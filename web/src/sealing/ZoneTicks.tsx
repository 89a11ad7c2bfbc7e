// The zones that words may reach, to tick: each with what it means.
import { useTranslation } from "react-i18next";
import { Checkbox } from "@/ui/Checkbox";
import { OriginIcon } from "@/ui/Badge";
import { type SealZone, sealZones } from "./zones";

export interface ZoneTicksProps {
  legend: string;
  chosen: readonly SealZone[];
  /** Those that can be ticked; all when left out. */
  open?: readonly SealZone[];
  busy?: boolean;
  onChange: (zones: SealZone[]) => void;
}

export function ZoneTicks({ legend, chosen, open = sealZones, busy = false, onChange }: ZoneTicksProps) {
  const { t } = useTranslation(["sealing", "seals"]);
  const set = (zone: SealZone, on: boolean) => onChange(sealZones.filter((other) => (other === zone ? on : chosen.includes(other))));
  return (
    <fieldset className="flex min-w-0 flex-col">
      <legend className="pb-1 text-sm font-semibold">{legend}</legend>
      {sealZones.map((zone) => (
        <Checkbox
          key={zone}
          checked={chosen.includes(zone)}
          disabled={busy || !open.includes(zone)}
          onChange={(on) => set(zone, on)}
          label={
            <>
              <span data-origin={zone} className="flex items-center gap-1.5 font-semibold text-origin"><OriginIcon origin={zone} />{t(`seals:zone.${zone}`)}</span>
              <span className="block text-xs text-muted">{t(`about.${zone}`)}</span>
            </>
          }
        />
      ))}
    </fieldset>
  );
}
