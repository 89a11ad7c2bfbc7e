// A menu of acts behind one button. The button is there at once, its menu a moment later.
import { lazy, type ReactElement, type ReactNode, Suspense, useState } from "react";
import { LateTrigger } from "./LateTrigger";

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

const MenuPopup = lazy(() => import("./MenuPopup").then((module) => ({ default: module.MenuPopup })));

export function Menu(props: MenuProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Suspense fallback={<LateTrigger trigger={props.trigger} onPress={() => setIsOpen(true)} />}>
      <MenuPopup {...props} isOpen={isOpen} onOpenChange={setIsOpen} />
    </Suspense>
  );
}
