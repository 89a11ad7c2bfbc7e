// One's own name and language.
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { changeLocale, type Locale, locales } from "@/i18n";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { Page } from "@/ui/Page";
import { Select } from "@/ui/Select";
import { useProfileChange } from "./queries";

export function Component() {
  const { t } = useTranslation("team");
  const { t: common } = useTranslation();
  const { me, team } = useSignedIn();
  const change = useProfileChange();
  const [typed, setTyped] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const name = typed ?? me.name;
  const hasChanged = name.trim() !== "" && name.trim() !== me.name;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return setError(t("profile.name_missing"));
    if (!hasChanged) return;
    setError(null);
    try {
      await change.mutateAsync({ name: name.trim() });
      setTyped(null);
      notify(t("saved"));
    } catch (thrown) {
      setError(asProblem(thrown).message);
    }
  };
  const chooseLocale = async (locale: Locale) => {
    try {
      // The pages first, so that the answer already comes in the new language.
      await changeLocale(locale);
      await change.mutateAsync({ locale });
    } catch (thrown) {
      notify(asProblem(thrown).message, "danger");
    }
  };
  return (
    <Page title={t("profile.title")} intro={t("profile.intro")}>
      <form noValidate onSubmit={(event) => void save(event)} className="flex max-w-md flex-col gap-4">
        <Field label={t("profile.name")} hint={t("profile.name_help")} error={error}>
          <Input value={name} maxLength={120} autoComplete="name" onChange={(event) => setTyped(event.target.value)} />
        </Field>
        <div><Button type="submit" variant={hasChanged ? "primary" : "secondary"} busy={change.isPending} aria-disabled={!hasChanged}>{common("action.save")}</Button></div>
      </form>
      <div className="flex max-w-md flex-col gap-6 border-t border-line pt-6">
        <Field label={common("language.label")} hint={t("profile.language_help")}>
          <Select<Locale> value={me.locale} options={locales.map((locale) => ({ value: locale, label: common(`language.${locale}`) }))} onChange={(locale) => void chooseLocale(locale)} />
        </Field>
        <dl className="flex flex-col gap-3 text-sm">
          <div><dt className="text-muted">{t("profile.email")}</dt><dd>{me.email}</dd></div>
          <div><dt className="text-muted">{t("profile.role")}</dt><dd>{t("profile.role_in", { role: common(`role.${team.role}`), team: team.name })}</dd></div>
        </dl>
      </div>
    </Page>
  );
}
