// The menu itself, loaded after the page it belongs to.
import { Menu as Base } from "@base-ui/react/menu";
import type { RefObject } from "react";
import type { MenuProps } from "./Menu";
import { useTakenOver } from "./late";
import { cx } from "./cx";

type Controlled = MenuProps & { isOpen: boolean; onOpenChange: (open: boolean) => void; hadFocus: RefObject<boolean> };

export function MenuPopup({ isOpen, onOpenChange, hadFocus, trigger, entries, align = "end" }: Controlled) {
  const button = useTakenOver(hadFocus);
  return (
    <Base.Root open={isOpen} onOpenChange={(next) => onOpenChange(next)}>
      <Base.Trigger ref={button} render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align={align} className="z-50">
          <Base.Popup className="min-w-44 rounded-lg border border-line bg-raised py-1 shadow-float outline-none">
            {entries.map((entry, index) =>
              entry === null ? (
                <Base.Separator key={`line-${index}`} className="my-1 border-t border-line" />
              ) : (
                <Base.Item
                  key={entry.label}
                  disabled={entry.disabled ?? false}
                  onClick={entry.onSelect}
                  className={cx(
                    "flex cursor-pointer items-center gap-2.5 px-3 py-1.5 text-sm outline-none pointer-coarse:py-2.5 data-[disabled]:opacity-70 data-[highlighted]:picked [&_svg]:size-4",
                    entry.danger && "text-danger",
                  )}
                >
                  {entry.icon}
                  {entry.label}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
