// The dialog itself, loaded when the first one opens.
import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import type { DialogProps } from "./Dialog";
import { cx } from "./cx";

export function DialogPopup({ open, onClose, title, description, children, actions, wide }: DialogProps) {
  const { t } = useTranslation();
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Base.Popup
          className={cx(
            "fixed top-1/2 left-1/2 z-50 flex max-h-[min(44rem,calc(100dvh-2rem))] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col gap-4 overflow-y-auto rounded-xl border border-line bg-raised p-5 shadow-float outline-none",
            wide ? "max-w-2xl" : "max-w-md",
          )}
        >
          <div className="flex items-start justify-between gap-4">
            <Base.Title className="text-lg">{title}</Base.Title>
            <Base.Close render={<IconButton label={t("action.close")}><X aria-hidden="true" /></IconButton>} />
          </div>
          {description ? <Base.Description className="text-muted" render={<div />}>{description}</Base.Description> : null}
          {children}
          {actions ? <div className="flex flex-wrap justify-end gap-2 pt-1">{actions}</div> : null}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
