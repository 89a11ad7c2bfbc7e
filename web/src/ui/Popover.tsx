// A floating panel next to its button.
import { Popover as Base } from "@base-ui/react/popover";
import type { ReactElement, ReactNode, RefObject } from "react";
import { cx } from "./cx";

export interface PopoverProps {
  trigger: ReactElement;
  /** Names the panel for screen readers; shown as heading if `showTitle`. */
  title: string;
  showTitle?: boolean;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  side?: "top" | "bottom" | "left" | "right";
  align?: "start" | "center" | "end";
  initialFocus?: RefObject<HTMLElement | null>;
  className?: string;
  children: ReactNode;
}

export function Popover({ trigger, title, showTitle, open, onOpenChange, side = "bottom", align = "start", initialFocus, className, children }: PopoverProps) {
  const control = { ...(open === undefined ? {} : { open }), ...(onOpenChange ? { onOpenChange: (next: boolean) => onOpenChange(next) } : {}) };
  return (
    <Base.Root {...control}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={6} collisionPadding={8} className="z-50">
          <Base.Popup {...(initialFocus ? { initialFocus } : {})} className={cx("max-w-[calc(100vw-1rem)] rounded-xl border border-line bg-raised shadow-float outline-none", className)}>
            <Base.Title className={showTitle ? "mb-2 text-sm font-semibold" : "sr-only"}>{title}</Base.Title>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
