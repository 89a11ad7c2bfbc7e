// Rename and delete, for the header and for the list.
import { Pencil, Trash2 } from "lucide-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMatch, useNavigate } from "react-router";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { ConfirmDialog, Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { Menu } from "@/ui/Menu";
import { useDelete, useRename } from "./data";

export function ConversationMenu({ id, title, trigger }: { id: string; title: string; trigger: ReactElement }) {
  const { t } = useTranslation(["chat", "common"]);
  const navigate = useNavigate();
  const isOpenHere = useMatch("/c/:id")?.params.id === id;
  const [asked, setAsked] = useState<"rename" | "delete" | null>(null);
  const remove = useDelete(id);
  const close = () => setAsked(null);
  return (
    <>
      <Menu
        trigger={trigger}
        entries={[
          { label: t("rename.action"), icon: <Pencil aria-hidden="true" />, onSelect: () => setAsked("rename") },
          { label: t("delete.action"), icon: <Trash2 aria-hidden="true" />, danger: true, onSelect: () => setAsked("delete") },
        ]}
      />
      {asked === "rename" ? <RenameDialog id={id} title={title} onClose={close} /> : null}
      <ConfirmDialog
        open={asked === "delete"}
        onClose={close}
        title={t("delete.title")}
        description={t("delete.text", { title })}
        confirm={t("delete.action")}
        busy={remove.isPending}
        error={remove.error ? asProblem(remove.error).message : null}
        onConfirm={() =>
          remove.mutate(undefined, {
            onSuccess: () => {
              close();
              notify(t("delete.done"));
              if (isOpenHere) void navigate("/");
            },
          })
        }
      />
    </>
  );
}

function RenameDialog({ id, title, onClose }: { id: string; title: string; onClose: () => void }) {
  const { t } = useTranslation(["chat", "common"]);
  const [name, setName] = useState(title);
  const rename = useRename(id);
  const save = () => name.trim() && rename.mutate(name.trim(), { onSuccess: onClose });
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("rename.title")}
      actions={
        <>
          <Button onClick={onClose}>{t("common:action.cancel")}</Button>
          <Button variant="primary" busy={rename.isPending} onClick={save}>{t("rename.action")}</Button>
        </>
      }
    >
      <form onSubmit={(event) => (event.preventDefault(), save())}>
        <Field label={t("rename.label")} error={rename.error ? asProblem(rename.error).message : null}>
          <Input value={name} maxLength={200} onChange={(event) => setName(event.target.value)} autoFocus />
        </Field>
      </form>
    </Dialog>
  );
}
