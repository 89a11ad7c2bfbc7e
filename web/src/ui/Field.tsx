// A label, an input, a hint and an error that belong together for everybody, screen readers included.
import { Field as Base } from "@base-ui/react/field";
import { CircleAlert } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "./cx";
import { inputClass } from "./inputClass";

export interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  /** The sentence of what is wrong; ties itself to the input. */
  error?: string | null;
  optional?: string;
  className?: string;
  children: ReactNode;
}

export function Field({ label, hint, error, optional, className, children }: FieldProps) {
  return (
    <Base.Root invalid={Boolean(error)} className={cx("flex flex-col gap-1.5", className)}>
      <Base.Label className="text-sm font-semibold">
        {label}
        {optional ? <span className="font-normal text-muted"> ({optional})</span> : null}
      </Base.Label>
      {children}
      {error ? (
        <Base.Error match className="flex gap-1.5 text-sm text-danger">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          <span>{error}</span>
        </Base.Error>
      ) : null}
      {hint ? <Base.Description className="text-xs text-muted">{hint}</Base.Description> : null}
    </Base.Root>
  );
}

export function Input({ className, mono, ...rest }: ComponentProps<"input"> & { mono?: boolean }) {
  return <Base.Control {...rest} className={cx(inputClass, mono && "font-mono text-sm", className)} />;
}
