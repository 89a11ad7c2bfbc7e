// The field that has to be changed is where the person goes on.
import { useEffect } from "react";

export function useFocusOnError(error: unknown): void {
  useEffect(() => {
    if (error) document.querySelector<HTMLElement>("form [aria-invalid=true]")?.focus();
  }, [error]);
}
