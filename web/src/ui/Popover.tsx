// A floating panel next to its button. The button is there at once, its panel a moment later.
import { type ReactElement, type ReactNode, type RefObject, useRef, useState } from "react";
import { LateTrigger } from "./LateTrigger";
import { lateOf } from "./late";

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

const PopoverPopup = lateOf(() => import("./PopoverPopup").then((module) => module.PopoverPopup));

export function Popover(props: PopoverProps) {
  const [ownOpen, setOwnOpen] = useState(false);
  const change = (next: boolean) => (setOwnOpen(next), props.onOpenChange?.(next));
  const hadFocus = useRef(false);
  const meanwhile = <LateTrigger trigger={props.trigger} onPress={() => change(true)} hadFocus={hadFocus} />;
  return <PopoverPopup {...props} open={props.open ?? ownOpen} onOpenChange={change} hadFocus={hadFocus} meanwhile={meanwhile} />;
}
