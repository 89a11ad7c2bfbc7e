// Esc stops the running answer, unless something nearer to the person (a dialog, a list, an edit) takes the key.
import { useEffect } from "react";
import { isPressed } from "@/ui/shortcuts";

export function useStopByEscape(isRunning: boolean, stop: () => void): void {
  useEffect(() => {
    if (!isRunning) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      const isTaken = event.defaultPrevented || document.querySelector("[role=dialog], [role=menu], [role=listbox]") !== null;
      if (isPressed("stop", event) && !event.isComposing && !isTaken) stop();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [isRunning, stop]);
}
