// The floating panel itself, loaded after the page it belongs to.
import { Popover as Base } from "@base-ui/react/popover";
import type { RefObject } from "react";
import type { PopoverProps } from "./Popover";
import { useTakenOver } from "./late";
import { cx } from "./cx";

type Controlled = PopoverProps & { open: boolean; onOpenChange: (open: boolean) => void; hadFocus: RefObject<boolean> };

export function PopoverPopup({ hadFocus, trigger, title, showTitle, open, onOpenChange, side = "bottom", align = "start", initialFocus, className, children }: Controlled) {
  const button = useTakenOver(hadFocus);
  return (
    <Base.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <Base.Trigger ref={button} render={trigger} />
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
