// "Other model" below an answer: the question goes to the one that is picked.
import { ChevronDown } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { ModelPicker } from "./ModelPicker";
import type { Message } from "./tree";

export function OtherModel({ message, locked, onPick }: { message: Message; locked: boolean; onPick: (ref: string) => void }) {
  const { t } = useTranslation("chat");
  return (
    <ModelPicker
      value={message.reply?.model_ref ?? null}
      onPick={(ref) => !locked && onPick(ref)}
      trigger={<Button variant="quiet" size="sm" aria-disabled={locked || undefined}>{t("regenerate.other")}<ChevronDown aria-hidden="true" /></Button>}
    />
  );
}
