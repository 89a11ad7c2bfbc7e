// A row of buttons of which one is pressed: ranges, and what a breakdown is by.
import { cx } from "@/ui/cx";

export interface PressedOption<T extends string> {
  value: T;
  label: string;
}

export function PressedRow<T extends string>({ label, options, value, onChange }: { label: string; options: readonly PressedOption<T>[]; value: T | null; onChange: (value: T) => void }) {
  return (
    <div role="group" aria-label={label} className="flex flex-wrap gap-1">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={cx(
            "min-h-8 rounded-md px-2.5 text-sm pointer-coarse:min-h-11",
            option.value === value ? "bg-accent font-semibold text-on-accent" : "text-muted hover:bg-hover hover:text-ink",
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
