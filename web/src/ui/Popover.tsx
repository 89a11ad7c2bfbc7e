// A floating panel next to its button. The button is there at once, its panel a moment later.
import { lazy, type ReactElement, type ReactNode, type RefObject, Suspense, useState } from "react";
import { LateTrigger } from "./LateTrigger";

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

const PopoverPopup = lazy(() => import("./PopoverPopup").then((module) => ({ default: module.PopoverPopup })));

export function Popover(props: PopoverProps) {
  const [ownOpen, setOwnOpen] = useState(false);
  const change = (next: boolean) => (setOwnOpen(next), props.onOpenChange?.(next));
  return (
    <Suspense fallback={<LateTrigger trigger={props.trigger} onPress={() => change(true)} />}>
      <PopoverPopup {...props} open={props.open ?? ownOpen} onOpenChange={change} />
    </Suspense>
  );
}
