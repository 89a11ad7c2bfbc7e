// A link that a model wrote: it leads outside, tells nothing, and shows where it leads, to the pointer and to the keyboard.
import { type ReactNode, useState } from "react";
import { createPortal } from "react-dom";

export function OuterLink({ href, children }: { href: string; children: ReactNode }) {
  const [isShown, setIsShown] = useState(false);
  return (
    <>
      <a
        href={href}
        title={href}
        target="_blank"
        rel="noopener noreferrer nofollow"
        className="link"
        onFocus={(event) => setIsShown(event.currentTarget.matches(":focus-visible"))}
        onBlur={() => setIsShown(false)}
        // Esc takes it away, for whoever reads what it lies over, and then stops no answer.
        onKeyDown={(event) => isShown && event.key === "Escape" && (event.preventDefault(), setIsShown(false))}
      >
        {children}
      </a>
      {/* Where browsers show it to the pointer. A screen reader has it from the title. */}
      {isShown ? createPortal(
        <div aria-hidden="true" data-target className="pointer-events-none fixed bottom-0 left-0 z-60 max-h-[40dvh] max-w-full overflow-hidden rounded-tr-lg border-t border-r border-edge bg-raised px-3 py-1.5 text-xs wrap-anywhere text-ink lg:max-w-[60rem]">{href}</div>,
        document.body,
      ) : null}
    </>
  );
}
