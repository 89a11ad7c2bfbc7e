// A button whose panel is still on its way: a press in the meantime opens it when it has come.
import { cloneElement, type ReactElement, type Ref, type RefObject, useCallback } from "react";

interface TriggerProps {
  onClick?: () => void;
  ref?: Ref<HTMLButtonElement>;
}

/** `hadFocus` is set when the button goes: whether it had the keyboard's focus then. */
export function LateTrigger({ trigger, onPress, hadFocus }: { trigger: ReactElement; onPress: () => void; hadFocus: RefObject<boolean> }) {
  const ref = useCallback((button: HTMLButtonElement | null) => () => void (hadFocus.current = document.activeElement === button), [hadFocus]);
  return cloneElement(trigger as ReactElement<TriggerProps>, { onClick: onPress, ref });
}
