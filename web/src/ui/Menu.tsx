// A menu of acts behind one button. The button is there at once, its menu a moment later.
import { type ReactElement, type ReactNode, useRef, useState } from "react";
import { LateTrigger } from "./LateTrigger";
import { lateOf } from "./late";

export interface MenuEntry {
  label: string;
  icon?: ReactNode;
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
}

export interface MenuProps {
  /** A Button or IconButton; it keeps its own name. */
  trigger: ReactElement;
  entries: readonly (MenuEntry | null)[];
  align?: "start" | "end";
}

const MenuPopup = lateOf(() => import("./MenuPopup").then((module) => module.MenuPopup));

export function Menu(props: MenuProps) {
  const [isOpen, setIsOpen] = useState(false);
  const hadFocus = useRef(false);
  const meanwhile = <LateTrigger trigger={props.trigger} onPress={() => setIsOpen(true)} hadFocus={hadFocus} />;
  return <MenuPopup {...props} isOpen={isOpen} onOpenChange={setIsOpen} hadFocus={hadFocus} meanwhile={meanwhile} />;
}
