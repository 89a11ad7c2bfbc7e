// The files of the message that is being written, each with what becomes of it at the chosen model.
import { CircleAlert, RotateCw, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { announce } from "@/ui/Announcer";
import { IconButton } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { contentUrl, icons, useSizes, type Withheld } from "./kinds";
import type { Attachments, Chip } from "./useAttachments";

export interface TrayProps {
  attachments: Attachments;
  withheld: Withheld | null;
  modelName: string;
  /** Where the focus goes when a chip is gone. */
  onRemoved: () => void;
}

export function Tray({ attachments, withheld, modelName, onRemoved }: TrayProps) {
  const { t } = useTranslation("attachments");
  return (
    <ul aria-label={t("list")} className="flex flex-wrap gap-2 px-3 pt-3">
      {attachments.chips.map((chip) => (
        <ChipView
          key={chip.key}
          chip={chip}
          why={withheld?.files.find((one) => one.id === chip.attachment?.id)?.why ?? null}
          modelName={modelName}
          onRemove={() => (attachments.remove(chip.key), announce(t("removed", { name: chip.name })), onRemoved())}
          onRetry={() => attachments.retry(chip.key)}
        />
      ))}
    </ul>
  );
}

function ChipView({ chip, why, modelName, onRemove, onRetry }: { chip: Chip; why: Withheld["files"][number]["why"] | null; modelName: string; onRemove: () => void; onRetry: () => void }) {
  const { t } = useTranslation("attachments");
  const { percent } = useFormats();
  const { size, about } = useSizes();
  const { attachment, problem } = chip;
  const Icon = attachment ? icons[attachment.kind] : icons.text;
  const goes = why === null || why === "as_text";
  const state = problem ? problem.message : attachment ? (why ? t(`why.${why}`, { model: modelName }) : about(attachment)) : chip.share < 1 ? t("uploading", { percent: percent(chip.share) }) : t("reading");
  return (
    <li className={cx("relative flex min-h-12 max-w-full items-center gap-2.5 overflow-hidden rounded-lg border py-1.5 pr-1.5 pl-2 text-sm", problem ? "border-danger/40 bg-danger-wash" : goes ? "border-line bg-sunken" : "border-warn/40 bg-warn-wash")}>
      {attachment?.kind === "image" ? (
        <img src={contentUrl(attachment.id)} alt="" className={cx("size-9 shrink-0 rounded object-cover", goes ? undefined : "opacity-50")} />
      ) : problem ? (
        <CircleAlert aria-hidden="true" className="size-5 shrink-0 text-danger" />
      ) : (
        <Icon aria-hidden="true" className="size-5 shrink-0 text-muted" />
      )}
      <span className="flex min-w-0 flex-col">
        <span className="max-w-52 truncate font-semibold" title={chip.name}>{chip.name}</span>
        <span className={cx("max-w-72 text-xs", problem ? "text-danger" : goes ? "text-muted" : "text-warn")}>{state}{!attachment && !problem && chip.size > 0 ? ` · ${size(chip.size)}` : ""}</span>
      </span>
      {problem?.retryable ? <IconButton label={t("retry", { name: chip.name })} onClick={onRetry}><RotateCw aria-hidden="true" /></IconButton> : null}
      <IconButton label={t("remove", { name: chip.name })} onClick={onRemove}><X aria-hidden="true" /></IconButton>
      {!attachment && !problem ? <span aria-hidden="true" className="absolute bottom-0 left-0 h-0.5 bg-accent" style={{ width: `${chip.share * 100}%` }} /> : null}
    </li>
  );
}
