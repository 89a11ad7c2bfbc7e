// One line of who may use what, with the button that changes it.
import { Pencil } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/Button";
import type { Audience } from "./audience";
import { useAudienceWords } from "./useAudienceWords";

export interface AudienceRowProps {
  name: string;
  mark?: ReactNode;
  audience: Audience | null;
  /** What is said where there is no rule of its own. */
  otherwise: string;
  isStrong?: boolean;
  onEdit: () => void;
}

export function AudienceRow({ name, mark, audience, otherwise, isStrong, onEdit }: AudienceRowProps) {
  const { t } = useTranslation("access");
  const words = useAudienceWords();
  return (
    <li className="flex items-center gap-3 py-2 pr-2 pl-4">
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4 gap-y-0.5 text-sm">
        <span className="flex min-w-0 flex-1 basis-56 flex-wrap items-center gap-2 wrap-anywhere">
          <span className={isStrong ? "font-semibold" : undefined}>{name}</span>
          {mark}
        </span>
        <span className={audience ? "wrap-anywhere" : "text-muted"}>{audience ? words(audience) : otherwise}</span>
      </div>
      <IconButton label={t("change", { name })} onClick={onEdit}><Pencil aria-hidden="true" /></IconButton>
    </li>
  );
}
