// The left column as a drawer, for small screens only.
import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";

export function Drawer({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-black/40 lg:hidden" />
        <Dialog.Popup aria-label={label} className="fixed inset-y-0 left-0 z-40 flex w-[min(300px,88vw)] flex-col border-r border-line bg-sunken outline-none lg:hidden">
          {children}
          <Dialog.Close render={<IconButton label={t("action.close")} className="absolute top-2 right-2"><X aria-hidden="true" /></IconButton>} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
