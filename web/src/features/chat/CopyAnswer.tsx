// An answer to take along: as the Markdown it was written in, or as it looks.
import { Check, Copy, FileType } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { notify } from "@/ui/Announcer";
import { IconButton } from "@/ui/Button";
import { copyText } from "@/ui/useCopy";

const shownForMs = 2_000;
type Way = "answer" | "formatted";

export function CopyAnswer({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  const [done, setDone] = useState<Way | null>(null);
  const here = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (done === null) return undefined;
    const timer = setTimeout(() => setDone(null), shownForMs);
    return () => clearTimeout(timer);
  }, [done]);
  const formatted = async (): Promise<boolean> => {
    const { copyFormatted, formattedOf } = await import("./formatted");
    const shown = here.current?.closest("article")?.querySelector(".answer");
    return shown ? copyFormatted(formattedOf(shown), text) : false;
  };
  const copy = async (way: Way) => {
    const isDone = await (way === "answer" ? copyText(text) : formatted().catch(() => false));
    if (isDone) setDone(way);
    else notify(t("copy.failed"), "danger");
  };
  return (
    <span ref={here} className="flex">
      {(["answer", "formatted"] as const).map((way) => {
        const Icon = done === way ? Check : way === "answer" ? Copy : FileType;
        return <IconButton key={way} label={done === way ? t("copy.done") : t(`copy.${way}`)} onClick={() => void copy(way)}><Icon aria-hidden="true" /></IconButton>;
      })}
    </span>
  );
}
