// Below a question that was saved without being asked: that it went nowhere, and the button that asks it.
import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { GivesFocusBack } from "@/ui/GivesFocusBack";
import { takeFresh } from "./keepVersion";

/** `modelName`: whom it would ask, "" while there is none. `onAsk` null: not now; left out: it is another's to ask. */
export default function UnaskedLine({ id, modelName = "", onAsk }: { id: string; modelName?: string; onAsk?: (() => void) | null }) {
  const { t } = useTranslation("unasked");
  const line = useRef<HTMLDivElement>(null);
  const toTurn = useCallback(() => document.getElementById(`m-${id}`), [id]);
  useEffect(() => {
    if (!takeFresh(id)) return;
    announce(t("line.kept"));
    // The form that had the focus is gone. Not to the button: a key pressed twice would send what was only to be saved.
    // Nor away from whoever writes on below.
    if (!document.activeElement?.matches("textarea, input")) line.current?.closest<HTMLElement>("[data-turn]")?.focus();
  }, [id, t]);
  return (
    <div ref={line} className="flex flex-wrap items-center gap-x-3 gap-y-1.5 pt-2 text-sm text-muted">
      <p><strong className="font-semibold text-ink">{t("line.mark")}</strong> · {t("line.nowhere")}{onAsk === undefined ? null : <span className="print:hidden"> {t("line.stays")}</span>}</p>
      {/* With its name: where several are compared, the field below doesn't say it. */}
      {onAsk === undefined || modelName === "" ? null : (
        <GivesFocusBack to={toTurn}>
          <Button size="sm" className="print:hidden" aria-disabled={onAsk === null || undefined} onClick={() => onAsk?.()}>{t("line.ask", { name: modelName })}</Button>
        </GivesFocusBack>
      )}
    </div>
  );
}
