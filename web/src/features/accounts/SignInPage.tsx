// Sign in.
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { useSuspenseQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { PasswordInput } from "@/ui/PasswordInput";
import { Note } from "@/ui/States";
import { Calm } from "./Calm";
import { formText } from "./formText";
import { PasskeySignIn } from "./PasskeySignIn";
import { ProviderWays } from "./provider/ProviderWays";
import { useEntry } from "./useEntry";

export function Component() {
  const { t } = useTranslation(["accounts", "common"]);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { state } = useLocation() as { state: { ended?: boolean } | null };
  const { enter, isBusy, errorOf, otherError } = useEntry<Schemas["SignIn"]>("/api/sign-in", ["email", "password"]);
  return (
    <Calm title={t("signIn.title")} footer={session.sign_up_open ? <Link to="/sign-up" className="link">{t("signIn.toSignUp")}</Link> : t("signIn.closed")}>
      {session.provider?.only ? <><ProviderWays provider={session.provider} /><Note>{t("provider.only")}</Note></> : null}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          enter({ email: formText(event.currentTarget, "email"), password: formText(event.currentTarget, "password") });
        }}
        className="flex flex-col gap-5"
      >
        {state?.ended && !otherError ? <Note>{t("signIn.ended")}</Note> : null}
        {otherError ? <Note tone="danger">{otherError}</Note> : null}
        <Field label={t("field.email")} error={errorOf("email")}>
          <Input name="email" type="email" autoComplete="username webauthn" required autoFocus={!session.provider?.only} />
        </Field>
        <Field label={t("field.password")} error={errorOf("password")}>
          <PasswordInput name="password" autoComplete="current-password" required />
        </Field>
        <p className="-mt-2 text-sm"><Link to="/forgot-password" className="link">{t("signIn.forgot")}</Link></p>
        <Button type="submit" variant={session.provider?.only ? "secondary" : "primary"} busy={isBusy}>{t("signIn.action")}</Button>
      </form>
      <div className="flex flex-col gap-3 border-t border-line pt-5 empty:hidden">
        {session.passkeys_work ? <PasskeySignIn /> : null}
        {session.provider?.only ? null : <ProviderWays provider={session.provider ?? null} />}
      </div>
    </Calm>
  );
}
