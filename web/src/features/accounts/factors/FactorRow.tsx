// One factor of one's own: what it is called, what is known of it, rename and remove.
import { Pencil, CircleMinus } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { withProof } from "@/api/proof";
import { notify } from "@/ui/Announcer";
import { Button, IconButton } from "@/ui/Button";
import { ConfirmDialog, Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { formText } from "../formText";
import { type Factors, useRemember } from "./queries";
import { useFocusOnError } from "./useFocusOnError";
import { useTrouble } from "./useTrouble";

export interface FactorRowProps {
  name: string;
  path: string;
  icon: ReactNode;
  marks?: ReactNode;
  facts: ReactNode;
  removeText: string;
  children?: ReactNode;
}

export function FactorRow({ name, path, icon, marks, facts, removeText, children }: FactorRowProps) {
  const { t } = useTranslation("factors");
  const { t: common } = useTranslation();
  const remember = useRemember();
  const trouble = useTrouble();
  const [open, setOpen] = useState<"rename" | "remove" | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  useFocusOnError(error);
  const act = async (change: () => Promise<Factors>, done: string) => {
    setIsBusy(true);
    setError(null);
    try {
      remember.factors(await withProof(change));
      setOpen(null);
      notify(done);
    } catch (thrown) {
      setError(trouble(thrown));
    } finally {
      setIsBusy(false);
    }
  };
  const rename = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const next = formText(event.currentTarget, "name").trim();
    if (next === "") return setError(t("row.name_missing"));
    void act(() => api.patch<Factors>(path, { name: next }), t("row.renamed", { name: next }));
  };
  const show = (which: "rename" | "remove") => {
    setError(null);
    setOpen(which);
  };
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 px-4 py-3">
      <span className="mt-0.5 text-muted [&_svg]:size-5">{icon}</span>
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex flex-wrap items-center gap-2 font-semibold [overflow-wrap:anywhere]">{name}{marks}</p>
        <p className="text-sm text-muted">{facts}</p>
        {children}
      </div>
      <div className="flex gap-1">
        <IconButton label={t("row.rename_name", { name })} onClick={() => show("rename")}><Pencil aria-hidden="true" /></IconButton>
        <IconButton label={t("row.remove_name", { name })} onClick={() => show("remove")}><CircleMinus aria-hidden="true" /></IconButton>
      </div>
      <Dialog open={open === "rename"} onClose={() => setOpen(null)} title={t("row.rename_title")}>
        <form noValidate onSubmit={rename} className="flex flex-col gap-4">
          <Field label={t("row.name")} error={error}><Input name="name" defaultValue={name} maxLength={120} autoComplete="off" /></Field>
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setOpen(null)}>{common("action.cancel")}</Button>
            <Button type="submit" variant="primary" busy={isBusy}>{common("action.save")}</Button>
          </div>
        </form>
      </Dialog>
      <ConfirmDialog
        open={open === "remove"}
        onClose={() => setOpen(null)}
        onConfirm={() => void act(() => api.delete<Factors>(path), t("row.removed", { name }))}
        title={t("row.remove_title", { name })}
        description={<p className="text-sm">{removeText}</p>}
        confirm={t("row.remove")}
        busy={isBusy}
        error={error}
      />
    </li>
  );
}
