// Name, mail address and password of a new person. Password managers and paste work as everywhere.
import { useTranslation } from "react-i18next";
import { Field, Input } from "@/ui/Field";
import { PasswordInput } from "@/ui/PasswordInput";

export function PersonFields({ errorOf }: { errorOf: (field: string) => string | null }) {
  const { t } = useTranslation(["accounts", "common"]);
  return (
    <>
      <Field label={t("field.name")} error={errorOf("name")}>
        <Input name="name" autoComplete="name" required maxLength={120} />
      </Field>
      <Field label={t("field.email")} error={errorOf("email")}>
        <Input name="email" type="email" autoComplete="username" required maxLength={254} />
      </Field>
      <Field label={t("field.password")} hint={t("field.passwordHint")} error={errorOf("password")}>
        <PasswordInput name="password" autoComplete="new-password" required minLength={10} maxLength={200} />
      </Field>
    </>
  );
}
