// A panel near the top of the page, for a field and what it finds. Whoever opens it says where the keyboard goes afterwards.
import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode, RefObject } from "react";
import { useTranslation } from "react-i18next";
import { useIsProofAsked } from "@/api/proof";
import { IconButton } from "./Button";

export interface CommandDialogProps {
  open: boolean;
  title: string;
  field: RefObject<HTMLElement | null>;
  onClose: () => void;
  /** It has gone, and the page can be reached again. */
  onClosed: () => void;
  /** What gets the keyboard when it goes; null: whatever is done next sees to it. */
  after: () => HTMLElement | null;
  children: ReactNode;
}

export function CommandDialog({ open, title, field, onClose, onClosed, after, children }: CommandDialogProps) {
  const isProofAsked = useIsProofAsked();
  return (
    <Base.Root open={open && !isProofAsked} onOpenChange={(next) => !next && onClose()} onOpenChangeComplete={(isOpen) => !isOpen && onClosed()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Base.Popup
          initialFocus={field}
          finalFocus={() => after() ?? false}
          className="fixed top-[min(12dvh,6rem)] left-1/2 z-50 flex max-h-[min(36rem,calc(100dvh-min(12dvh,6rem)-1rem))] w-[min(40rem,calc(100vw-1rem))] -translate-x-1/2 flex-col overflow-hidden rounded-xl border border-line bg-raised shadow-float outline-none"
        >
          <Base.Title className="sr-only">{title}</Base.Title>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** The way out for whoever has no Esc key. */
export function CommandClose() {
  const { t } = useTranslation();
  return <Base.Close render={<IconButton label={t("action.close")} className="-mr-1.5 shrink-0"><X aria-hidden="true" /></IconButton>} />;
}
