// Deleting names what it costs, and offers the milder act first.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { useDeleteConnection } from "./queries";
import type { ConnectionView } from "./types";
import { usePause } from "./usePause";

export interface DeleteDialogProps {
  connection: ConnectionView;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteDialog({ connection, onClose, onDeleted }: DeleteDialogProps) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const remove = useDeleteConnection(connection.id);
  const pause = usePause(connection);
  const [error, setError] = useState<string | null>(null);
  const enabled = connection.models.filter((model) => model.enabled).length;
  const confirm = async () => {
    try {
      await remove.mutateAsync();
      notify(t("done.deleted", { name: connection.name }));
      onDeleted();
    } catch (thrown) {
      setError(asProblem(thrown).message);
    }
  };
  const pauseInstead = async () => {
    if (await pause.setEnabled(false)) onClose();
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t("delete.title", { name: connection.name })}
      description={
        <ul className="flex list-disc flex-col gap-1.5 pl-5 text-sm">
          {enabled > 0 ? <li>{t("delete.models", { count: enabled })}</li> : null}
          <li>{t("delete.chats")}</li>
          <li>{t("delete.key")}</li>
          <li>{t("delete.usage")}</li>
        </ul>
      }
      actions={
        <>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          {connection.enabled ? <Button variant="primary" busy={pause.isBusy} onClick={() => void pauseInstead()}>{t("delete.pause_instead")}</Button> : null}
          <Button variant="danger" busy={remove.isPending} onClick={() => void confirm()}>{t("delete.confirm")}</Button>
        </>
      }
    >
      {connection.enabled ? <p className="text-sm">{t("delete.pause_first")}</p> : null}
      {error ? <p role="alert" className="text-sm text-danger">{error}</p> : null}
    </Dialog>
  );
}
