// The eye at the end of a secret field: shows what was typed, and hides it again.
import { Eye, EyeOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { cx } from "./cx";

export interface ShowButtonProps {
  shown: boolean;
  onToggle: () => void;
  className: string;
}

export function ShowButton({ shown, onToggle, className }: ShowButtonProps) {
  const { t } = useTranslation();
  const Icon = shown ? EyeOff : Eye;
  return (
    <button
      type="button"
      aria-pressed={shown}
      aria-label={t("field.showInput")}
      title={t("field.showInput")}
      onClick={onToggle}
      className={cx("absolute right-0 grid place-items-center rounded-md text-muted hover:text-ink", className)}
    >
      <Icon aria-hidden="true" className="size-4" />
    </button>
  );
}
