// What stands below the message field: files, the model, several models, the seal. Not drawn anew with each letter.
import { ChevronDown } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { AttachButton } from "./attachments/AttachButton";
import { CompareSwitch } from "./compare/CompareSwitch";
import type { Several } from "./compare/useSeveral";
import { ModelPicker } from "./ModelPicker";
import { SealControl } from "./SealControl";
import type { ModelChoice } from "./useModelChoice";

interface ComposerToolsProps {
  choice: ModelChoice;
  several: Several;
  /** What stands on the picker's button. */
  modelShown: string;
  onChooseFiles: (files: File[]) => void;
  onPicked: () => void;
}

export const ComposerTools = memo(function ComposerTools({ choice, several, modelShown, onChooseFiles, onPicked }: ComposerToolsProps) {
  const { t } = useTranslation("chat");
  return (
    <div className="flex min-w-0 items-center gap-1">
      <AttachButton onChoose={onChooseFiles} />
      {several.isOn ? null : <ModelPicker
        value={choice.ref}
        onPick={(model) => (choice.choose(model), onPicked())}
        trigger={
          <Button data-origin={choice.model?.origin} className="min-w-0 border-line! px-2.5!" aria-label={t("composer.model", { name: modelShown })}>
            <span aria-hidden="true" className="h-4 w-1 shrink-0 rounded-full bg-origin" />
            <span className="truncate">{modelShown}</span>
            <ChevronDown aria-hidden="true" />
          </Button>
        }
      />}
      {choice.hasAny ? <CompareSwitch isOn={several.isOn} onToggle={several.toggle} /> : null}
      <SealControl />
    </div>
  );
});
