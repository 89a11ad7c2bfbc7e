// Records, changes or takes away the secrecy undertaking of whoever runs a model.
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { Note } from "@/ui/States";
import { type Recipient, useUndertaking } from "./queries";

export function UndertakingDialog({ of, open, onClose }: { of: Recipient; open: boolean; onClose: () => void }) {
  const { t } = useTranslation("privacy");
  const { t: common } = useTranslation();
  const formId = useId();
  const act = useUndertaking();
  const [signer, setSigner] = useState(of.undertaking?.signer ?? "");
  const [signedOn, setSignedOn] = useState(of.undertaking?.signed_on ?? "");
  const [expiresOn, setExpiresOn] = useState(of.undertaking?.expires_on ?? "");
  const [paper, setPaper] = useState(of.undertaking?.document ?? "");
  const problem = act.error ? asProblem(act.error) : null;
  const wrong = (field: string): string | null => (problem?.field?.endsWith(field) ? problem.message : null);
  const isKnown = ["signer", "signed_on", "expires_on", "document"].some((field) => problem?.field?.endsWith(field));
  const done = (word: "undertaking.saved" | "undertaking.removed") => () => { onClose(); notify(t(word, { name: of.name })); };
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!act.isPending) act.mutate({ of, signed: { signer, signed_on: signedOn, expires_on: expiresOn || null, document: paper } }, { onSuccess: done("undertaking.saved") });
  };
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t("undertaking.title", { name: of.name })}
      description={<p className="text-sm text-muted">{t("undertaking.about")}</p>}
      actions={
        <>
          {of.undertaking ? <Button variant="danger" busy={act.isPending} onClick={() => act.mutate({ of, signed: null }, { onSuccess: done("undertaking.removed") })}>{t("undertaking.remove")}</Button> : null}
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={act.isPending}>{common("action.save")}</Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={save} className="flex flex-col gap-4">
        {problem && !isKnown ? <Note tone="danger">{problem.message}</Note> : null}
        <Field label={t("undertaking.signer")} hint={t("undertaking.signer_hint")} error={wrong("signer")}>
          <Input required maxLength={120} value={signer} onChange={(event) => setSigner(event.target.value)} />
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("undertaking.signed_on")} error={wrong("signed_on")}>
            <Input required type="date" value={signedOn} onChange={(event) => setSignedOn(event.target.value)} />
          </Field>
          <Field label={t("undertaking.expires_on")} optional={common("optional")} hint={t("undertaking.expires_hint")} error={wrong("expires_on")}>
            <Input type="date" value={expiresOn} onChange={(event) => setExpiresOn(event.target.value)} />
          </Field>
        </div>
        <Field label={t("undertaking.document")} optional={common("optional")} hint={t("undertaking.document_hint")} error={wrong("document")}>
          <Input maxLength={200} value={paper} onChange={(event) => setPaper(event.target.value)} />
        </Field>
      </form>
    </Dialog>
  );
}
