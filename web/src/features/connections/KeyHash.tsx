// The hash of the key that a tested server showed: to be compared with the server's own, and to be pinned.
import { Check } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { CopyLine } from "@/ui/CopyLine";
import { pinCommand } from "./certificates";

export interface Pinning {
  /** The address under test, for the line that asks the server by hand. */
  address: string;
  isPinned: (keyHash: string) => boolean;
  onPin: (keyHash: string) => void;
}

export function KeyHash({ keyHash, pinning }: { keyHash: string; pinning: Pinning | undefined }) {
  const { t } = useTranslation("connections");
  const isPinned = pinning?.isPinned(keyHash) ?? false;
  return (
    <div className="col-span-2 col-start-2 flex min-w-0 flex-col gap-2 pt-2 text-sm">
      <div className="flex flex-col gap-1">
        <p className="text-muted">{t("pin.label")}</p>
        <CopyLine text={keyHash} label={t("pin.copy")} done={t("done.copied")} />
      </div>
      {isPinned ? (
        <p className="flex items-center gap-1.5 font-semibold text-ok"><Check aria-hidden="true" className="size-4 shrink-0" />{t("pin.pinned")}</p>
      ) : null}
      {pinning && !isPinned ? <div><Button size="sm" className="py-1 text-left whitespace-normal!" onClick={() => pinning.onPin(keyHash)}>{t("pin.action")}</Button></div> : null}
      {pinning ? (
        <details>
          <summary className="w-fit py-1 text-muted hover:text-ink">{t("pin.compare")}</summary>
          <div className="flex flex-col gap-1 pt-1">
            <p className="text-muted">{t("pin.compare_help")}</p>
            <CopyLine text={pinCommand(pinning.address)} label={t("pin.copy_command")} done={t("done.copied")} />
          </div>
        </details>
      ) : null}
    </div>
  );
}
