// A picture of a message: small in the text, whole in a dialog.
import { Download } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import type { Attachment } from "./kinds";

export function Picture({ one, url, className }: { one: Attachment; url: string; className: string }) {
  const { t } = useTranslation("attachments");
  const [isOpen, setIsOpen] = useState(false);
  const size = { width: one.width ?? undefined, height: one.height ?? undefined };
  return (
    <>
      <button type="button" aria-label={t("open", { name: one.name })} title={one.name} onClick={() => setIsOpen(true)} className={className}>
        <img src={url} alt={one.name} {...size} loading="lazy" className="h-40 w-auto max-w-full object-contain" />
      </button>
      <Dialog open={isOpen} onClose={() => setIsOpen(false)} title={one.name} wide actions={<a href={url} download={one.name} className={buttonClass()}><Download aria-hidden="true" />{t("saveIt")}</a>}>
        <img src={url} alt={one.name} {...size} className="h-auto max-h-[60dvh] w-auto max-w-full self-center object-contain" />
      </Dialog>
    </>
  );
}
