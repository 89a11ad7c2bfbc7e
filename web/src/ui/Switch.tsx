// On or off, at once. For choices that take effect with a form, use Checkbox.
import { Switch as Base } from "@base-ui/react/switch";
import type { ReactNode } from "react";

export interface SwitchProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  /** Visible text beside the switch, or only its name if `hideLabel`. */
  label: ReactNode;
  hideLabel?: boolean;
  disabled?: boolean;
}

export function Switch({ checked, onChange, label, hideLabel, disabled }: SwitchProps) {
  return (
    // eslint-disable-next-line jsx-a11y/label-has-associated-control
    <label className="inline-flex min-h-9 items-center gap-2.5 text-sm">
      <Base.Root
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled ?? false}
        className="relative h-5 w-9 shrink-0 rounded-full border border-edge bg-sunken transition-colors data-[checked]:border-accent data-[checked]:bg-accent data-[disabled]:opacity-50"
      >
        <Base.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-edge transition-transform data-[checked]:translate-x-[1.125rem] data-[checked]:bg-on-accent" />
      </Base.Root>
      <span className={hideLabel ? "sr-only" : undefined}>{label}</span>
    </label>
  );
}
