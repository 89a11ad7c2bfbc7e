// The paperclip: opens the system's file choice.
import { Paperclip } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/Button";

/** What the system's file choice offers; the server judges by what is in a file. */
const accepted = "image/png,image/jpeg,image/webp,image/gif,application/pdf,text/*,.md,.csv,.json,.log,.xml,.yaml,.yml,.toml,.py,.ts,.tsx,.js,.sql,.sh";

export function AttachButton({ onChoose }: { onChoose: (files: File[]) => void }) {
  const { t } = useTranslation("chat");
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label={t("composer.attach")} title={t("composer.attachHint")} onClick={() => input.current?.click()} className="size-9 min-h-9!"><Paperclip aria-hidden="true" /></IconButton>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={accepted}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          // Emptied, so that the same file can be chosen again after it was removed.
          event.target.value = "";
          if (files.length > 0) onChoose(files);
        }}
      />
    </>
  );
}
