// A tick with its text.
import { Checkbox as Base } from "@base-ui/react/checkbox";
import { Check, Minus } from "lucide-react";
import type { ReactNode } from "react";

export interface CheckboxProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: ReactNode;
  hideLabel?: boolean;
  indeterminate?: boolean;
  disabled?: boolean;
}

export function Checkbox({ checked, onChange, label, hideLabel, indeterminate, disabled }: CheckboxProps) {
  return (
    // eslint-disable-next-line jsx-a11y/label-has-associated-control
    <label className="inline-flex min-h-8 items-start gap-2.5 py-1.5 text-sm">
      <Base.Root
        checked={checked}
        onCheckedChange={onChange}
        indeterminate={indeterminate ?? false}
        disabled={disabled ?? false}
        // The box that is seen stands within the 24 px that a target must have.
        className="relative -mx-[3px] -my-0.5 grid size-6 shrink-0 place-items-center rounded before:absolute before:inset-[3px] before:rounded before:border before:border-edge before:bg-surface data-[checked]:before:border-accent data-[checked]:before:bg-accent data-[disabled]:opacity-70 data-[indeterminate]:before:border-accent data-[indeterminate]:before:bg-accent"
      >
        <Base.Indicator className="relative text-on-accent [&_svg]:size-3.5">{indeterminate ? <Minus aria-hidden="true" /> : <Check aria-hidden="true" />}</Base.Indicator>
      </Base.Root>
      <span className={hideLabel ? "sr-only" : undefined}>{label}</span>
    </label>
  );
}
