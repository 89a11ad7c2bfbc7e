// One of a few, all of them visible. Native radio buttons: the keyboard works as everywhere.
import { CircleAlert } from "lucide-react";
import { type ReactNode, useId } from "react";
import { cx } from "./cx";

export interface RadioOption<T extends string> {
  value: T;
  label: ReactNode;
  icon?: ReactNode;
}

export interface RadiosProps<T extends string> {
  legend: ReactNode;
  value: T | null;
  onChange: (value: T) => void;
  options: readonly RadioOption<T>[];
  hint?: ReactNode;
  error?: string | null;
  hideLegend?: boolean;
}

export function Radios<T extends string>({ legend, value, onChange, options, hint, error, hideLegend }: RadiosProps<T>) {
  const id = useId();
  return (
    <fieldset className="flex min-w-0 flex-col" aria-describedby={error ? `${id}-error` : hint ? `${id}-hint` : undefined} aria-invalid={error ? true : undefined}>
      <legend className={cx("mb-1.5 text-sm font-semibold", hideLegend && "sr-only")}>{legend}</legend>
      <div className={cx("divide-y divide-line rounded-md border bg-surface", error ? "border-danger" : "border-edge")}>
        {options.map((option) => (
          <label key={option.value} className="flex min-h-9 items-center gap-2.5 px-3 py-2 text-sm pointer-coarse:min-h-11">
            <input
              type="radio"
              name={id}
              value={option.value}
              checked={value === option.value}
              onChange={() => onChange(option.value)}
              // The ring that is seen stands within the 24 px that a target must have.
              className="relative -m-1 size-6 shrink-0 appearance-none rounded-full before:absolute before:inset-1 before:rounded-full before:border before:border-edge before:bg-surface checked:before:border-[5px] checked:before:border-accent"
            />
            <span className="min-w-0 flex-1">{option.label}</span>
            {option.icon}
          </label>
        ))}
      </div>
      {error ? (
        <p id={`${id}-error`} className="mt-1.5 flex gap-1.5 text-sm text-danger">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          <span>{error}</span>
        </p>
      ) : null}
      {hint ? <p id={`${id}-hint`} className="mt-1.5 text-xs text-muted">{hint}</p> : null}
    </fieldset>
  );
}
