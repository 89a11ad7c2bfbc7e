// Buttons: one look per intent. Busy buttons keep their width, their focus and their name.
import type { ComponentProps, ReactNode } from "react";
import { Spinner } from "./Spinner";
import { cx } from "./cx";

export type ButtonVariant = "primary" | "secondary" | "quiet" | "danger";

const base =
  "inline-flex items-center justify-center gap-2 rounded-md border text-sm font-semibold whitespace-nowrap transition-colors select-none " +
  "min-h-9 pointer-coarse:min-h-11 aria-disabled:opacity-70 disabled:opacity-70 [&_svg]:size-4 [&_svg]:shrink-0";
const looks: Record<ButtonVariant, string> = {
  primary: "border-transparent bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border-edge bg-surface text-ink hover:bg-sunken",
  quiet: "border-transparent bg-transparent text-muted hover:bg-hover hover:text-ink",
  danger: "border-danger bg-surface text-danger hover:bg-danger-wash",
};

export function buttonClass(variant: ButtonVariant = "secondary", size: "md" | "sm" = "md"): string {
  return cx(base, looks[variant], size === "sm" ? "px-2.5 min-h-8" : "px-3.5");
}

export interface ButtonProps extends ComponentProps<"button"> {
  variant?: ButtonVariant;
  size?: "md" | "sm";
  /** Shows a spinner and ignores presses; the button stays focusable. */
  busy?: boolean;
}

export function Button({ variant = "secondary", size = "md", busy = false, className, children, onClick, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      // eslint-disable-next-line react/button-has-type
      type={type}
      aria-disabled={busy || rest["aria-disabled"] || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={cx(buttonClass(variant, size), className)}
    >
      {busy ? <Spinner /> : null}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "aria-label"> {
  /** The name, for screen readers and as a tooltip. */
  label: string;
  children: ReactNode;
}

export function IconButton({ label, variant = "quiet", className, children, ...rest }: IconButtonProps) {
  return (
    <Button {...rest} variant={variant} aria-label={label} title={label} className={cx("size-8 min-h-8! px-0! pointer-coarse:size-11 pointer-coarse:min-h-11!", className)}>
      {children}
    </Button>
  );
}
