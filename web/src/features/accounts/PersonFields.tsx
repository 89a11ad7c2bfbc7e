// Name, mail address and password of a new person. Password managers and paste work as everywhere.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field, Input } from "@/ui/Field";
import { NewPasswordField } from "./NewPasswordField";

export function PersonFields({ errorOf }: { errorOf: (field: string) => string | null }) {
  const { t } = useTranslation(["accounts", "common"]);
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  return (
    <>
      <Field label={t("field.name")} error={errorOf("name")}>
        <Input name="name" autoComplete="name" required maxLength={120} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label={t("field.email")} error={errorOf("email")}>
        <Input name="email" type="email" autoComplete="username" required maxLength={254} onChange={(event) => setEmail(event.target.value)} />
      </Field>
      <NewPasswordField name="password" label={t("field.password")} error={errorOf("password")} words={[name, email]} />
    </>
  );
}
