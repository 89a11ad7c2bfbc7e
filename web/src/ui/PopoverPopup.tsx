// The floating panel itself, loaded after the page it belongs to.
import { Popover as Base } from "@base-ui/react/popover";
import { type RefObject, useEffect, useRef, useState } from "react";
import type { PopoverProps } from "./Popover";
import { cx } from "./cx";

/** `pressed`: the button was pressed before this panel was loaded. */
export function PopoverPopup({ pressed, trigger, title, showTitle, open, onOpenChange, side = "bottom", align = "start", initialFocus, className, children }: PopoverProps & { pressed: RefObject<boolean> }) {
  const hasOpened = useRef(false);
  const [startsOpen] = useState(() => pressed.current);
  useEffect(() => {
    if (!startsOpen || hasOpened.current) return;
    hasOpened.current = true;
    onOpenChange?.(true);
  }, [startsOpen, onOpenChange]);
  const control = { ...(open === undefined ? {} : { open }), ...(onOpenChange ? { onOpenChange: (next: boolean) => onOpenChange(next) } : {}) };
  return (
    <Base.Root defaultOpen={startsOpen} {...control}>
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
