// What can be done with a conversation as a whole, for the header and for the list.
import { Archive, ArchiveRestore, Download, Pencil, Pin, PinOff, ReceiptText, Trash2, Users } from "lucide-react";
import { lazy, type ReactElement, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMatch, useNavigate } from "react-router";
import { asProblem } from "@/api/client";
import { andTexts } from "@/i18n";
import { notify } from "@/ui/Announcer";
import { ConfirmDialog } from "@/ui/Dialog";
import { Menu } from "@/ui/Menu";
import { useChange, useDelete } from "./data";

const RenameDialog = lazy(() => import("./RenameDialog").then((module) => ({ default: module.RenameDialog })));
const ShareDialog = lazy(() => andTexts(import("./ShareDialog"), "later").then((module) => ({ default: module.ShareDialog })));

export interface ConversationMenuProps {
  about: { id: string; title: string; pinned: boolean; archived: boolean };
  trigger: ReactElement;
}

export function ConversationMenu({ about, trigger }: ConversationMenuProps) {
  const { t } = useTranslation(["chat", "common", "seals"]);
  const { id, title, pinned, archived } = about;
  const navigate = useNavigate();
  const isOpenHere = useMatch("/c/:id")?.params.id === id;
  const [asked, setAsked] = useState<"rename" | "share" | "delete" | null>(null);
  const remove = useDelete(id);
  const { mutate: change } = useChange(id);
  const close = () => setAsked(null);
  const complain = (error: unknown) => notify(asProblem(error).message, "danger");
  const put = (what: { pinned: boolean } | { archived: boolean }, done: string) => () => change(what, { onSuccess: () => notify(done), onError: complain });
  const save = (format: "markdown" | "json") => () => void import("./exportConversation").then((file) => file.exportConversation(id, format)).catch(complain);
  const saveReceipts = (format: "json" | "csv") => () => void import("./exportConversation").then((file) => file.exportReceipts(id, format)).catch(complain);
  return (
    <>
      <Menu
        trigger={trigger}
        entries={[
          { label: t("rename.action"), icon: <Pencil aria-hidden="true" />, onSelect: () => setAsked("rename") },
          pinned
            ? { label: t("pin.undo"), icon: <PinOff aria-hidden="true" />, onSelect: put({ pinned: false }, t("pin.undone")) }
            : { label: t("pin.action"), icon: <Pin aria-hidden="true" />, onSelect: put({ pinned: true }, t("pin.done")) },
          archived
            ? { label: t("archive.undo"), icon: <ArchiveRestore aria-hidden="true" />, onSelect: put({ archived: false }, t("archive.undone")) }
            : { label: t("archive.action"), icon: <Archive aria-hidden="true" />, onSelect: put({ archived: true }, t("archive.done")) },
          { label: t("share.action"), icon: <Users aria-hidden="true" />, onSelect: () => setAsked("share") },
          null,
          { label: t("export.markdown"), icon: <Download aria-hidden="true" />, onSelect: save("markdown") },
          { label: t("export.json"), icon: <Download aria-hidden="true" />, onSelect: save("json") },
          { label: t("seals:export.json"), icon: <ReceiptText aria-hidden="true" />, onSelect: saveReceipts("json") },
          { label: t("seals:export.csv"), icon: <ReceiptText aria-hidden="true" />, onSelect: saveReceipts("csv") },
          null,
          { label: t("delete.action"), icon: <Trash2 aria-hidden="true" />, danger: true, onSelect: () => setAsked("delete") },
        ]}
      />
      {asked === "rename" ? <Suspense><RenameDialog id={id} title={title} onClose={close} /></Suspense> : null}
      {asked === "share" ? <Suspense><ShareDialog id={id} title={title} onClose={close} /></Suspense> : null}
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
