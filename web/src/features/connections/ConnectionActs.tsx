// What can be done with a connection from the list: test, pause, replace its key, edit, delete.
import { CirclePause, CirclePlay, Ellipsis, FlaskConical, KeyRound, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { IconButton } from "@/ui/Button";
import { Menu } from "@/ui/Menu";
import { DeleteDialog } from "./DeleteDialog";
import { TestDialog } from "./TestDialog";
import type { ConnectionView } from "./types";
import { usePause } from "./usePause";

export function ConnectionActs({ connection, isReadOnly }: { connection: ConnectionView; isReadOnly: boolean }) {
  const { t } = useTranslation("connections");
  const navigate = useNavigate();
  const [open, setOpen] = useState<"test" | "delete" | null>(null);
  const { setEnabled } = usePause(connection);
  const page = `/settings/models/custom/${connection.id}`;
  const close = () => setOpen(null);
  return (
    <>
      <Menu
        trigger={<IconButton label={t("list.actions", { name: connection.name })}><Ellipsis aria-hidden="true" /></IconButton>}
        entries={[
          { label: t("action.test"), icon: <FlaskConical aria-hidden="true" />, disabled: isReadOnly, onSelect: () => setOpen("test") },
          connection.enabled
            ? { label: t("action.pause"), icon: <CirclePause aria-hidden="true" />, disabled: isReadOnly, onSelect: () => void setEnabled(false) }
            : { label: t("action.resume"), icon: <CirclePlay aria-hidden="true" />, disabled: isReadOnly, onSelect: () => void setEnabled(true) },
          { label: t("action.replace_key"), icon: <KeyRound aria-hidden="true" />, disabled: isReadOnly, onSelect: () => void navigate(`${page}#key`) },
          { label: t("action.edit"), icon: <Pencil aria-hidden="true" />, disabled: isReadOnly, onSelect: () => void navigate(page) },
          null,
          { label: t("action.delete"), icon: <Trash2 aria-hidden="true" />, danger: true, disabled: isReadOnly, onSelect: () => setOpen("delete") },
        ]}
      />
      {open === "test" ? <TestDialog connection={connection} onClose={close} /> : null}
      {open === "delete" ? <DeleteDialog connection={connection} onClose={close} onDeleted={close} /> : null}
    </>
  );
}
