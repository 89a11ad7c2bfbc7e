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
        className="mt-px grid size-[1.125rem] shrink-0 place-items-center rounded border border-edge bg-surface data-[checked]:border-accent data-[checked]:bg-accent data-[disabled]:opacity-70 data-[indeterminate]:border-accent data-[indeterminate]:bg-accent"
      >
        <Base.Indicator className="text-on-accent [&_svg]:size-3.5">{indeterminate ? <Minus aria-hidden="true" /> : <Check aria-hidden="true" />}</Base.Indicator>
      </Base.Root>
      <span className={hideLabel ? "sr-only" : undefined}>{label}</span>
    </label>
  );
}
