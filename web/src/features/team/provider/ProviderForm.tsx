// What an owner enters of a provider. A stored secret stays unless another is typed, or the client becomes public.
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Field, Input } from "@/ui/Field";
import { Fold } from "@/ui/Fold";
import { PasswordInput } from "@/ui/PasswordInput";
import { Note } from "@/ui/States";
import { type Provider, type ProviderInput, useSave } from "./providerQueries";
import { RoleRules } from "./RoleRules";

type Draft = Omit<ProviderInput, "client_secret"> & { client_secret: string; isPublic: boolean };

const shownFields = new Set(["name", "issuer", "base_url", "client_id", "client_secret", "scopes", "groups_claim"]);

function draftOf(provider: Provider | null | undefined): Draft {
  return {
    name: provider?.name ?? "",
    issuer: provider?.issuer ?? "",
    client_id: provider?.client_id ?? "",
    client_secret: "",
    isPublic: provider ? !(provider.has_secret || provider.needs_secret) : false,
    scopes: provider?.scopes ?? "openid profile email",
    groups_claim: provider?.groups_claim ?? "",
    roles: provider?.roles.map((rule) => ({ ...rule })) ?? [],
    default_role: provider ? provider.default_role : "member",
    may_make_owners: provider?.may_make_owners ?? false,
  };
}

export function ProviderForm({ provider, onDone }: { provider: Provider | null | undefined; onDone: () => void }) {
  const { t } = useTranslation("identity");
  const { t: common } = useTranslation();
  const save = useSave();
  const [draft, setDraft] = useState(() => draftOf(provider));
  const form = useRef<HTMLFormElement>(null);
  const secretField = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // The field that has to be changed is where the person goes on.
    if (save.error) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [save.error]);
  const edit = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  const problem = save.error ? asProblem(save.error) : null;
  const errorOf = (...fields: string[]) => (problem?.field != null && fields.includes(problem.field) ? problem.message : null);
  const isOfField = problem?.field != null && shownFields.has(problem.field);
  const isEmpty = !draft.isPublic && draft.client_secret === "";
  const keepsSecret = isEmpty && Boolean(provider?.has_secret);
  const [isSecretMissed, setIsSecretMissed] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Nothing typed is no word for "public": without a secret, somebody has to say so.
    setIsSecretMissed(isEmpty && !keepsSecret);
    if (isEmpty && !keepsSecret) {
      secretField.current?.focus();
      return;
    }
    const { isPublic, client_secret: typed, ...rest } = draft;
    const secret = isPublic ? (provider && !provider.has_secret && !provider.needs_secret ? null : "") : keepsSecret ? null : typed;
    save.mutate({ ...rest, client_secret: secret }, {
      onSuccess: () => {
        notify(t("form.saved"));
        onDone();
      },
    });
  };
  return (
    <form ref={form} noValidate onSubmit={submit} className="flex max-w-2xl flex-col gap-5">
      <Field label={t("form.name")} hint={t("form.name_about")} error={errorOf("name")}>
        <Input value={draft.name} maxLength={80} autoComplete="off" onChange={(event) => edit({ name: event.target.value })} />
      </Field>
      <Field label={t("form.issuer")} hint={t("form.issuer_about")} error={errorOf("issuer", "base_url")}>
        <Input mono value={draft.issuer} maxLength={500} inputMode="url" autoComplete="off" spellCheck={false} autoCapitalize="none" onChange={(event) => edit({ issuer: event.target.value })} />
      </Field>
      <Field label={t("form.client_id")} error={errorOf("client_id")}>
        <Input mono value={draft.client_id} maxLength={255} autoComplete="off" spellCheck={false} autoCapitalize="none" onChange={(event) => edit({ client_id: event.target.value })} />
      </Field>
      <div className="flex flex-col gap-1">
        {draft.isPublic ? null : (
          <Field label={t("form.secret")} hint={provider?.has_secret ? t("form.secret_stays") : t("form.secret_about")} error={isSecretMissed && isEmpty ? t("form.secret_missing") : errorOf("client_secret")}>
            <PasswordInput ref={secretField} mono value={draft.client_secret} maxLength={2000} autoComplete="off" onChange={(event) => edit({ client_secret: event.target.value })} />
          </Field>
        )}
        <Checkbox checked={draft.isPublic} onChange={(isPublic) => edit({ isPublic, client_secret: "" })} label={t("form.public")} />
      </div>
      <Field label={t("form.groups_claim")} hint={t("form.groups_claim_about")} optional={common("optional")} error={errorOf("groups_claim")}>
        <Input mono value={draft.groups_claim} maxLength={100} autoComplete="off" spellCheck={false} autoCapitalize="none" onChange={(event) => edit({ groups_claim: event.target.value })} />
      </Field>
      <RoleRules rules={draft.roles ?? []} defaultRole={draft.default_role ?? null} mayMakeOwners={draft.may_make_owners ?? false} onChange={edit} />
      <Fold title={t("form.more")} needed={errorOf("scopes") !== null}>
        <Field label={t("form.scopes")} hint={t("form.scopes_about")} error={errorOf("scopes")}>
          <Input mono value={draft.scopes} maxLength={255} autoComplete="off" spellCheck={false} onChange={(event) => edit({ scopes: event.target.value })} />
        </Field>
      </Fold>
      {problem && !isOfField ? <Note tone="danger">{problem.message}</Note> : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" busy={save.isPending}>{t("form.save")}</Button>
        <Button onClick={onDone}>{common("action.cancel")}</Button>
      </div>
    </form>
  );
}
