// Before an answer is asked for: tells what its model would not get of the conversation, and lets it be.
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import type { Foreseen } from "./kinds";
import { Sentences } from "./WithheldNotes";

export interface AskBeforeProps {
  foreseen: Foreseen;
  modelName: string;
  onSend: () => void;
  onStay: () => void;
}

export function AskBefore({ foreseen, modelName, onSend, onStay }: AskBeforeProps) {
  const { t } = useTranslation(["attachments", "chat", "common"]);
  return (
    <Dialog
      open
      alert
      onClose={onStay}
      title={t("ask.title", { model: modelName })}
      description={<div className="flex flex-col gap-2"><Sentences foreseen={foreseen} modelName={modelName} isOpen /></div>}
      actions={
        <>
          <Button onClick={onStay}>{t("common:action.cancel")}</Button>
          <Button variant="primary" onClick={onSend}>{t("chat:composer.send")}</Button>
        </>
      }
    />
  );
}
