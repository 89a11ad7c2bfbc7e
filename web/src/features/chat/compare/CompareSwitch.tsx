// "Compare" beside the model picker: the next message goes to several models.
import { Columns2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";

export function CompareSwitch({ isOn, onToggle }: { isOn: boolean; onToggle: () => void }) {
  const { t } = useTranslation("chat");
  return (
    <Button variant="quiet" aria-pressed={isOn} onClick={onToggle} className={cx("px-2.5!", isOn && "bg-sunken text-ink!")}>
      <Columns2 aria-hidden="true" />
      <span className="max-[24rem]:sr-only">{t("compare.switch")}</span>
    </Button>
  );
}
