// Gives a conversation another title.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { useChange } from "./data";

export function RenameDialog({ id, title, onClose }: { id: string; title: string; onClose: () => void }) {
  const { t } = useTranslation(["chat", "common"]);
  const [name, setName] = useState(title);
  const rename = useChange(id);
  const save = () => name.trim() && rename.mutate({ title: name.trim() }, { onSuccess: onClose });
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
