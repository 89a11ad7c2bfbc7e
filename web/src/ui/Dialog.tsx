// A dialog: named, described, closed by Esc, focus returns to where it came from.
import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useIsProofAsked } from "@/api/proof";
import { Button, type ButtonVariant } from "./Button";

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  /** Buttons, right-aligned; the safe one first. */
  actions?: ReactNode;
  wide?: boolean;
  /** Nothing in it but text: the text takes the keyboard, so that it can be scrolled. */
  onlyText?: boolean;
  /** Asks something that has to be answered: a click beside it is no answer. */
  alert?: boolean;
  /** The dialog that asks who somebody is: every other steps aside for it. */
  asksProof?: boolean;
}

const DialogPopup = lazy(() => import("./DialogPopup").then((module) => ({ default: module.DialogPopup })));

export function Dialog({ asksProof = false, ...props }: DialogProps) {
  const isProofAsked = useIsProofAsked();
  // Once loaded it stays mounted while closed, so that focus can return.
  return (
    <Suspense>
      <DialogPopup {...props} open={props.open && (asksProof || !isProofAsked)} />
    </Suspense>
  );
}

export interface ConfirmDialogProps {
  open: boolean;
  onClose: () => void;
  onConfirm: () => void;
  title: string;
  description: ReactNode;
  /** The same verb as the button that opened it. */
  confirm: string;
  variant?: ButtonVariant;
  busy?: boolean;
  error?: string | null;
}

/** Asks before something that can't be undone. */
export function ConfirmDialog({ open, onClose, onConfirm, title, description, confirm, variant = "danger", busy, error }: ConfirmDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      description={description}
      actions={
        <>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button variant={variant} busy={busy ?? false} onClick={onConfirm}>{confirm}</Button>
        </>
      }
    >
      {error ? <p role="alert" className="text-sm text-danger">{error}</p> : null}
    </Dialog>
  );
}
