// An answer to take along: as the Markdown it was written in, or as it looks.
import { Check, Copy, FileType } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/Button";
import { copyText, useCopy } from "@/ui/useCopy";
// At hand, not fetched at the click: Safari lets the clipboard be written only within the click itself.
import { copyFormatted, formattedOf } from "./formatted";

export function CopyAnswer({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  const { copied, copy } = useCopy();
  const here = useRef<HTMLSpanElement>(null);
  const formatted = async (): Promise<boolean> => {
    const shown = here.current?.closest("article")?.querySelector(".answer");
    return shown ? copyFormatted(formattedOf(shown), text) : false;
  };
  return (
    <span ref={here} className="flex">
      {(["answer", "formatted"] as const).map((way) => {
        const Icon = copied === way ? Check : way === "answer" ? Copy : FileType;
        return <IconButton key={way} label={copied === way ? t("copy.done") : t(`copy.${way}`)} onClick={() => copy(text, way, way === "answer" ? copyText : formatted)}><Icon aria-hidden="true" /></IconButton>;
      })}
    </span>
  );
}
