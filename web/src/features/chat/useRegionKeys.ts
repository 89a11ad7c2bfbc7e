// F6 goes from region to region: list, page, message field. Shift goes back.
import { useEffect } from "react";
import { isPressed } from "@/ui/shortcuts";

const focusable = "a[href], button:not([disabled]), textarea, input, [tabindex]";

function enter(region: HTMLElement): void {
  const field = region.querySelector<HTMLElement>("textarea");
  const target = region.matches("form") && field ? field : region.matches("[tabindex]") ? region : region.querySelector<HTMLElement>(focusable);
  target?.focus();
}

export function useRegionKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!isPressed("regions", event)) return;
      const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((r) => r.offsetParent !== null || r.getClientRects().length > 0);
      if (regions.length === 0) return;
      event.preventDefault();
      // The innermost region counts: the message field lies inside the page.
      const at = regions.findLastIndex((region) => region.contains(document.activeElement));
      const next = regions[(at + (event.shiftKey ? -1 : 1) + regions.length) % regions.length];
      if (next) enter(next);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
