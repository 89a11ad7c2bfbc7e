// A new person with a new team. The very first one also sets this deployment up.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSuspenseQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { currentLocale } from "@/i18n";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { Note } from "@/ui/States";
import { Calm } from "./Calm";
import { formText } from "./formText";
import { PersonFields } from "./PersonFields";
import { useEntry } from "./useEntry";

export function Component() {
  const { t } = useTranslation(["accounts", "common"]);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const isSetup = session.setup_needed;
  const { enter, isBusy, errorOf, otherError } = useEntry<Schemas["SignUp"]>("/api/sign-up", ["name", "email", "password", "team_name"]);
  return (
    <Calm
      title={isSetup ? t("setup.title") : t("signUp.title")}
      intro={isSetup ? t("setup.intro") : t("signUp.intro")}
      footer={isSetup ? undefined : <Link to="/sign-in" className="link">{t("signUp.toSignIn")}</Link>}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          enter({ name: formText(form, "name"), email: formText(form, "email"), password: formText(form, "password"), team_name: formText(form, "team_name"), locale: currentLocale() });
        }}
        className="flex flex-col gap-5"
      >
        {otherError ? <Note tone="danger">{otherError}</Note> : null}
        <PersonFields errorOf={errorOf} />
        <Field label={t("field.team")} hint={t("field.teamHint")} error={errorOf("team_name")}>
          <Input name="team_name" autoComplete="organization" required maxLength={120} />
        </Field>
        <Button type="submit" variant="primary" busy={isBusy}>{isSetup ? t("setup.action") : t("signUp.action")}</Button>
      </form>
    </Calm>
  );
}
