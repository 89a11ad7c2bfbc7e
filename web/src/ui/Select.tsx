// A choice among a few. For many choices with search use Listbox.
import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import { inputClass } from "./inputClass";
import { cx } from "./cx";

export interface SelectOption<T extends string> {
  value: T;
  label: ReactNode;
  hint?: string;
  disabled?: boolean;
}

export interface SelectProps<T extends string> {
  value: T;
  onChange: (value: T) => void;
  options: readonly SelectOption<T>[];
  /** Needed where no Field gives the name. */
  label?: string;
  disabled?: boolean;
  className?: string;
}

export function Select<T extends string>({ value, onChange, options, label, disabled, className }: SelectProps<T>) {
  return (
    <Base.Root<T> value={value} onValueChange={(next) => next !== null && onChange(next)} disabled={disabled ?? false} items={options.map((o) => ({ value: o.value, label: o.label }))}>
      <Base.Trigger aria-label={label} className={cx(inputClass, "flex items-center justify-between gap-2 text-left", className)}>
        <Base.Value className="truncate" />
        <Base.Icon className="text-muted"><ChevronDown aria-hidden="true" className="size-4" /></Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
          <Base.Popup className="max-h-80 min-w-(--anchor-width) max-w-96 overflow-y-auto rounded-lg border border-line bg-raised py-1 shadow-float outline-none">
            {options.map((option) => (
              <Base.Item
                key={option.value}
                value={option.value}
                disabled={option.disabled ?? false}
                className="grid cursor-pointer grid-cols-[1.25rem_1fr] gap-1.5 px-2.5 py-1.5 text-sm outline-none data-[disabled]:opacity-70 data-[highlighted]:picked"
              >
                <Base.ItemIndicator className="col-start-1 pt-0.5"><Check aria-hidden="true" className="size-4" /></Base.ItemIndicator>
                <span className="col-start-2">
                  <Base.ItemText>{option.label}</Base.ItemText>
                  {option.hint ? <span className="block text-xs text-muted">{option.hint}</span> : null}
                </span>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
