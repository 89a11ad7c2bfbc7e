// Keeps Base UI inside the strict content security policy: it may not inject style elements.
import { CSPProvider } from "@base-ui/react/csp-provider";
import type { ReactNode } from "react";

export function UiProvider({ children }: { children: ReactNode }) {
  return <CSPProvider disableStyleElements>{children}</CSPProvider>;
}
