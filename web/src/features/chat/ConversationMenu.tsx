// Rename and delete, for the header and for the list.
import { Pencil, Trash2 } from "lucide-react";
import { lazy, type ReactElement, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMatch, useNavigate } from "react-router";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { ConfirmDialog } from "@/ui/Dialog";
import { Menu } from "@/ui/Menu";
import { useDelete } from "./data";

const RenameDialog = lazy(() => import("./RenameDialog").then((module) => ({ default: module.RenameDialog })));

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
      {asked === "rename" ? <Suspense><RenameDialog id={id} title={title} onClose={close} /></Suspense> : null}
      {asked === "delete" ? <ConfirmDialog
        open
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
      /> : null}
    </>
  );
}
