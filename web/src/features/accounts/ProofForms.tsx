// The ways to prove who one is, each a form of its own with one button that does it.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { api } from "@/api/client";
import { useProviderProof } from "@/api/provider";
import type { SessionView } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { PasswordInput } from "@/ui/PasswordInput";
import { CodeField } from "./factors/CodeField";
import { proveByCode, proveByPasskey, useRemember } from "./factors/queries";
import { useFocusOnError } from "./factors/useFocusOnError";
import { useTrouble } from "./factors/useTrouble";
import { formText } from "./formText";

export interface WayProps {
  onProved: () => void;
  onCancel: () => void;
}

function useProve(act: (form: HTMLFormElement) => Promise<SessionView>, onProved: () => void) {
  const remember = useRemember();
  const trouble = useTrouble();
  const prove = useMutation({
    mutationFn: act,
    onSuccess: async (view) => {
      // The browser goes on under a new token, so the page needs the CSRF value that belongs to it.
      await remember.session(view);
      onProved();
    },
  });
  const error = prove.error ? trouble(prove.error) : null;
  useFocusOnError(error);
  return { error, isBusy: prove.isPending, run: prove.mutate };
}

interface FrameProps {
  children: ReactNode;
  action: string;
  isBusy: boolean;
  focus?: boolean;
  onSubmit: (form: HTMLFormElement) => void;
  onCancel: () => void;
}

function Frame({ children, action, isBusy, focus = false, onSubmit, onCancel }: FrameProps) {
  const { t: common } = useTranslation();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!isBusy) onSubmit(event.currentTarget);
  };
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      {children}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onCancel}>{common("action.cancel")}</Button>
        <Button type="submit" variant="primary" autoFocus={focus} busy={isBusy}>{action}</Button>
      </div>
    </form>
  );
}

function Trouble({ error }: { error: string | null }) {
  return error ? <p role="alert" className="text-sm text-danger">{error}</p> : null;
}

export function ByPassword({ onProved, onCancel }: WayProps) {
  const { t } = useTranslation("security");
  const { me } = useSignedIn();
  const { error, isBusy, run } = useProve((form) => api.post("/api/session/proof", { way: "password", password: formText(form, "password") }), onProved);
  return (
    <Frame action={t("proof.action")} isBusy={isBusy} onSubmit={run} onCancel={onCancel}>
      <input type="text" name="username" autoComplete="username" value={me.email} readOnly hidden />
      <Field label={t("proof.password")} error={error}>
        <PasswordInput name="password" autoComplete="current-password" autoFocus required />
      </Field>
    </Frame>
  );
}

export function ByCode({ onProved, onCancel }: WayProps) {
  const { t } = useTranslation("security");
  const { t: factors } = useTranslation("factors");
  const { error, isBusy, run } = useProve((form) => proveByCode(formText(form, "code")), onProved);
  return (
    <Frame action={t("proof.action")} isBusy={isBusy} onSubmit={run} onCancel={onCancel}>
      <CodeField label={factors("step.code")} error={error} />
    </Frame>
  );
}

export function ByPasskey({ onProved, onCancel }: WayProps) {
  const { t } = useTranslation("security");
  const { error, isBusy, run } = useProve(proveByPasskey, onProved);
  return (
    <Frame action={t("proof.passkey")} isBusy={isBusy} focus onSubmit={run} onCancel={onCancel}>
      <Trouble error={error} />
    </Frame>
  );
}

export function ByProvider({ name, onCancel }: WayProps & { name: string }) {
  const { t } = useTranslation("security");
  const { pathname } = useLocation();
  const trouble = useTrouble();
  const prove = useProviderProof();
  return (
    <Frame action={t("proof.provider", { name })} isBusy={prove.isPending} focus onSubmit={() => prove.mutate(pathname)} onCancel={onCancel}>
      <p className="text-sm">{t("proof.provider_leaves", { name })}</p>
      <Trouble error={prove.error ? trouble(prove.error) : null} />
    </Frame>
  );
}
