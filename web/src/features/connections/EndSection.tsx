// Pausing keeps everything; deleting erases what is secret.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Button } from "@/ui/Button";
import { DeleteDialog } from "./DeleteDialog";
import { Section, type SectionProps } from "./Section";
import { usePause } from "./usePause";

export function EndSection({ connection, isReadOnly }: SectionProps) {
  const { t } = useTranslation("connections");
  const navigate = useNavigate();
  const [isDeleting, setIsDeleting] = useState(false);
  const { setEnabled, isBusy } = usePause(connection);
  return (
    <Section id="end" title={t("page.end")}>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-sm text-muted">{connection.enabled ? t("page.pause_text") : t("page.resume_text")}</p>
        <Button busy={isBusy} disabled={isReadOnly} onClick={() => void setEnabled(!connection.enabled)}>{connection.enabled ? t("action.pause") : t("action.resume")}</Button>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-sm text-muted">{t("page.delete_text")}</p>
        <Button variant="danger" disabled={isReadOnly} onClick={() => setIsDeleting(true)}>{t("action.delete")}</Button>
      </div>
      {isDeleting ? <DeleteDialog connection={connection} onClose={() => setIsDeleting(false)} onDeleted={() => void navigate("/settings/models/custom", { replace: true })} /> : null}
    </Section>
  );
}
