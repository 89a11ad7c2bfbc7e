// Ten recovery codes, shown this once: to copy, to keep as a file, to print. Closing asks whether they are kept.
import { Copy, Download, Printer } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Dialog } from "@/ui/Dialog";
import { useCopy } from "@/ui/useCopy";
import { useSignedIn } from "@/api/session";
import "./recovery.css";

export function RecoveryCodesDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const { t } = useTranslation("factors");
  const { me } = useSignedIn();
  const { copied, copy } = useCopy();
  const [isKept, setIsKept] = useState(false);
  const text = `${t("recovery.file_head", { host: window.location.host, email: me.email })}\n\n${codes.join("\n")}\n`;
  const download = () => {
    const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = "moorage-recovery-codes.txt";
    link.click();
    // Some browsers read it after the click has returned.
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
  return (
    <Dialog
      open
      wide
      onClose={() => isKept && onClose()}
      title={t("recovery.new_title")}
      description={<p className="text-sm">{t("recovery.new_text")}</p>}
      actions={<Button variant="primary" aria-disabled={!isKept} onClick={() => isKept && onClose()}>{t("recovery.done")}</Button>}
    >
      <div data-print="" className="rounded-lg border border-line bg-sunken p-4 max-sm:px-2">
        <p className="hidden pb-4 text-sm" data-print-only="">{t("recovery.file_head", { host: window.location.host, email: me.email })}</p>
        <ol aria-label={t("recovery.list_label")} className="grid grid-cols-1 gap-x-6 gap-y-1.5 font-mono text-[0.6875rem] whitespace-nowrap sm:text-sm sm:grid-cols-2">
          {codes.map((code) => <li key={code}>{code}</li>)}
        </ol>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => copy(text)}><Copy aria-hidden="true" />{copied ? t("copied") : t("recovery.copy")}</Button>
        <Button onClick={download}><Download aria-hidden="true" />{t("recovery.download")}</Button>
        <Button onClick={() => window.print()}><Printer aria-hidden="true" />{t("recovery.print")}</Button>
      </div>
      <Checkbox checked={isKept} onChange={setIsKept} label={t("recovery.kept")} />
    </Dialog>
  );
}
