// The days a statistic is about: five usual ranges, or two dates. Lives in the address, so that it can be sent to somebody.
import { useTranslation } from "react-i18next";
import { cx } from "@/ui/cx";
import { inputClass } from "@/ui/inputClass";
import { firstOf, presetOf, presetRange, PRESETS, type Range } from "./figures";
import { PressedRow } from "./PressedRow";

export function RangeBar({ range, now, onChange }: { range: Range; now: string; onChange: (range: Range) => void }) {
  const { t } = useTranslation("oversight");
  const chosen = presetOf(range, now);
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <PressedRow
        label={t("range.label")}
        options={PRESETS.map((preset) => ({ value: preset, label: t(`range.${preset}`) }))}
        value={chosen}
        onChange={(preset) => onChange(presetRange(preset, now))}
      />
      <div className="flex flex-wrap gap-3">
        <DayInput label={t("range.from")} value={range.from} min={firstOf(range.to)} max={range.to} onChange={(from) => onChange({ from, to: range.to })} />
        <DayInput label={t("range.to")} value={range.to} min={range.from} max={now} onChange={(to) => onChange({ from: range.from, to })} />
      </div>
    </div>
  );
}

function DayInput({ label, value, min, max, onChange }: { label: string; value: string; min: string; max: string; onChange: (day: string) => void }) {
  return (
    <label className="flex items-center gap-2 text-sm text-muted">
      {label}
      <input
        type="date"
        value={value}
        min={min}
        max={max}
        // While somebody types a year, the browser reports years such as 0002; those are not meant.
        onChange={(event) => (event.target.value >= "2000-01-01" ? onChange(event.target.value) : undefined)}
        className={cx(inputClass, "w-auto text-sm text-ink")}
      />
    </label>
  );
}
