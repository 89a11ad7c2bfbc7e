// What comparisons need comes when somebody compares, as other rare parts do: code and texts together.
import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import { andTexts } from "@/i18n";

export function withTexts<P>(load: () => Promise<{ default: ComponentType<P> }>, texts: "compare" | "sealing" | "unasked" = "compare"): LazyExoticComponent<ComponentType<P>> {
  return lazy(() => andTexts(load(), texts));
}
