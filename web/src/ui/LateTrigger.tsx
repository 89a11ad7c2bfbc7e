// A button whose panel is still on its way: a press in the meantime is remembered, not lost.
import { cloneElement, type ReactElement, type RefObject } from "react";

export function LateTrigger({ trigger, pressed }: { trigger: ReactElement; pressed: RefObject<boolean> }) {
  const button = trigger as ReactElement<{ onClick?: () => void }>;
  return cloneElement(button, {
    onClick: () => {
      pressed.current = true;
    },
  });
}
