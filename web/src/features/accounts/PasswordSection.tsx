// Another password: with the present one, and every other sign-in ends.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, asProblem, type Schemas } from "@/api/client";
import { proofWaysQuery } from "@/api/proof";
import { keys, rememberSession, type SessionView } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { PageSection } from "@/ui/PageSection";
import { PasswordInput } from "@/ui/PasswordInput";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { devicesKey } from "./devices";
import { NewPasswordField } from "./NewPasswordField";

export function PasswordSection() {
  const { t } = useTranslation("security");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(proofWaysQuery("page"));
  const hasPassword = data?.ways.includes("password");
  return (
    <PageSection id="password" title={t("password.title")} about={hasPassword ? t("password.about") : null}>
      {!data && !error ? <Skeleton lines={3} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && !hasPassword ? <p className="text-sm">{t("password.none")} <Link to="/forgot-password" className="link">{t("password.make")}</Link></p> : null}
      {hasPassword ? <PasswordForm /> : null}
    </PageSection>
  );
}

function PasswordForm() {
  const { t } = useTranslation("security");
  const { me, team } = useSignedIn();
  const client = useQueryClient();
  const [present, setPresent] = useState("");
  const [wanted, setWanted] = useState("");
  const change = useMutation({
    mutationFn: (body: Schemas["PasswordChange"]) => api.post<SessionView>("/api/profile/password", body),
    onSuccess: (view) => {
      client.setQueryData(keys.session, rememberSession(view));
      void client.invalidateQueries({ queryKey: devicesKey });
      setPresent("");
      setWanted("");
      notify(t("password.changed"));
    },
  });
  const problem = change.error ? asProblem(change.error) : null;
  const errorOf = (field: string) => (problem?.field === field ? problem.message : null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (present && wanted && !change.isPending) change.mutate({ present_password: present, new_password: wanted });
  };
  return (
    <form noValidate onSubmit={submit} className="flex max-w-md flex-col gap-4">
      {problem && !problem.field ? <Note tone="danger">{problem.message}</Note> : null}
      <input type="text" name="username" autoComplete="username" value={me.email} readOnly hidden />
      <Field label={t("password.present")} error={errorOf("present_password")}>
        <PasswordInput name="present_password" autoComplete="current-password" required value={present} onChange={(event) => setPresent(event.target.value)} />
      </Field>
      <NewPasswordField name="new_password" label={t("password.new")} error={errorOf("new_password")} words={[me.name, me.email, team.name]} value={wanted} onValue={setWanted} />
      <div><Button type="submit" variant={present && wanted ? "primary" : "secondary"} busy={change.isPending} aria-disabled={!present || !wanted}>{t("password.action")}</Button></div>
    </form>
  );
}
