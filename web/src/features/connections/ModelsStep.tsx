// Step 3: which of the found models the team gets to see.
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import type { StepProps } from "./AddressStep";
import { ModelTicks } from "./ModelTicks";
import { modelsInPicker } from "./wizard";

export function ModelsStep({ wizard, dispatch }: StepProps) {
  const { t } = useTranslation("connections");
  return (
    <div className="flex flex-col gap-5">
      <p className="max-w-2xl text-muted">{t("wizard.models_lead")}</p>
      <ModelTicks
        choices={wizard.choices}
        onTick={(modelId, enabled) => dispatch({ type: "tick", modelId, enabled })}
        onTickAll={(shown, enabled) => dispatch({ type: "tick_all", shown, enabled })}
        onRename={(modelId, name) => dispatch({ type: "rename", modelId, name })}
        onAdd={(modelId) => dispatch({ type: "add_typed", modelId })}
      />
      {modelsInPicker(wizard) === 0 ? <Note tone="warn">{t("wizard.models_none")}</Note> : null}
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => dispatch({ type: "go", step: "test" })}>{t("action.back")}</Button>
        <Button variant="primary" aria-disabled={wizard.choices.length === 0} onClick={() => dispatch({ type: "go", step: "summary" })}>{t("action.next")}</Button>
      </div>
    </div>
  );
}
