// A button whose panel is still on its way: a press in the meantime opens it when it has come.
import { cloneElement, type ReactElement } from "react";

export function LateTrigger({ trigger, onPress }: { trigger: ReactElement; onPress: () => void }) {
  return cloneElement(trigger as ReactElement<{ onClick?: () => void }>, { onClick: onPress });
}
