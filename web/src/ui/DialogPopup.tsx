// The dialog itself, loaded when the first one opens.
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog as Plain } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import type { DialogProps } from "./Dialog";
import { cx } from "./cx";

export function DialogPopup({ open, onClose, title, description, children, actions, wide, onlyText = false, alert = false }: Omit<DialogProps, "asksProof">) {
  const { t } = useTranslation();
  const Base = alert ? AlertDialog : Plain;
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Base.Popup
          data-asks
          className={cx(
            "fixed top-1/2 left-1/2 z-50 flex max-h-[min(44rem,calc(100dvh-2rem))] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-xl border border-line bg-raised shadow-float outline-none",
            // Where there is hardly any height all of it scrolls; else only the middle, and what there is to do stays in sight.
            "[@media(max-height:24rem)]:overflow-y-auto",
            wide ? "max-w-2xl" : "max-w-md",
          )}
        >
          <div className="flex items-start justify-between gap-4 p-5 pb-0">
            <Base.Title className="text-lg">{title}</Base.Title>
            <Base.Close render={<IconButton label={t("action.close")}><X aria-hidden="true" /></IconButton>} />
          </div>
          <div {...(onlyText ? { role: "group", "aria-label": title, tabIndex: 0 } : {})} className="flex min-h-0 flex-col gap-4 overflow-y-auto px-5 py-4 -outline-offset-2 [@media(max-height:24rem)]:shrink-0">
            {description ? <Base.Description className="text-muted" render={<div />}>{description}</Base.Description> : null}
            {children}
          </div>
          {actions ? <div className="flex flex-wrap justify-end gap-2 px-5 pt-1 pb-5 [&>button]:text-balance [&>button]:whitespace-normal">{actions}</div> : null}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
