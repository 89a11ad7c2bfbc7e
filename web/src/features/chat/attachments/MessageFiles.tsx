// What is attached to a message: pictures to look at, files to save.
import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import { type Attachment, contentUrl, icons, useSizes } from "./kinds";
import { Picture } from "./Picture";

const box = "rounded-lg border border-line bg-surface hover:border-edge";

export interface MessageFilesProps {
  files: readonly Attachment[];
  /** The conversation of somebody else that they are read in. */
  sharedIn?: string;
}

export function MessageFiles({ files, sharedIn }: MessageFilesProps) {
  const { t } = useTranslation("attachments");
  const { about } = useSizes();
  return (
    <ul aria-label={t("list")} className="flex flex-wrap gap-2 pb-2">
      {files.map((one) => {
        const url = contentUrl(one.id, sharedIn);
        const Icon = icons[one.kind];
        return (
          <li key={one.id} className="max-w-full">
            {one.kind === "image" ? (
              <Picture one={one} url={url} className={`block overflow-hidden ${box}`} />
            ) : (
              <a href={url} download={one.name} className={`flex min-h-12 max-w-full items-center gap-2.5 px-3 py-1.5 text-sm ${box}`}>
                <Icon aria-hidden="true" className="size-5 shrink-0 text-muted" />
                <span className="flex min-w-0 flex-col">
                  <span className="max-w-64 truncate font-semibold">{one.name}</span>
                  <span className="text-xs text-muted">{t(`kind.${one.kind}`)}, {about(one)}</span>
                </span>
                <Download aria-hidden="true" className="size-4 shrink-0 text-muted" />
                <span className="sr-only">{t("saveIt")}</span>
              </a>
            )}
          </li>
        );
      })}
    </ul>
  );
}
