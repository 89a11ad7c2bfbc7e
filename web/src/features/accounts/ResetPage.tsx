// Sets a new password with a link. The link's secret stands in the fragment, which no server and no log ever sees.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, asProblem, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { Note } from "@/ui/States";
import { Calm } from "./Calm";
import { formText } from "./formText";
import { NewPasswordField } from "./NewPasswordField";

/** Takes the secret out of the address bar, so that it is in no history and on no screen that is shared. */
function takeToken(): string {
  const token = location.hash.slice(1);
  if (token) history.replaceState(history.state, "", location.pathname);
  return token;
}

export function Component() {
  const { t } = useTranslation(["accounts", "common"]);
  const [token] = useState(takeToken);
  const peek = useQuery({
    queryKey: ["reset", token],
    queryFn: ({ signal }) => api.post<Schemas["ResetPeek"]>("/api/password-resets/peek", { token }, signal),
    enabled: token !== "",
    gcTime: 0,
  });
  const footer = <Link to="/sign-in" className="link">{t("forgot.back")}</Link>;
  if (token === "" || peek.error) {
    const problem = peek.error ? asProblem(peek.error) : null;
    return (
      <Calm title={t("reset.dead_title")} intro={problem?.message ?? t("reset.no_token")} footer={footer}>
        {problem?.retryable ? <Button onClick={() => void peek.refetch()}>{t("common:action.tryAgain")}</Button> : null}
        <p><Link to="/forgot-password" className="link">{t("reset.again")}</Link></p>
      </Calm>
    );
  }
  if (!peek.data) return <Calm title={t("reset.title")}><Skeleton label={t("common:loading")} lines={3} /></Calm>;
  return <SetPassword token={token} person={peek.data} />;
}

function SetPassword({ token, person }: { token: string; person: Schemas["ResetPeek"] }) {
  const { t } = useTranslation(["accounts", "common"]);
  const client = useQueryClient();
  const finish = useMutation({
    mutationFn: (password: string) => api.post("/api/password-resets/finish", { token, password }),
    // Every sign-in ended, this browser's too if it had one.
    onSuccess: () => client.invalidateQueries({ queryKey: keys.session }),
  });
  if (finish.isSuccess) {
    return (
      <Calm title={t("reset.done_title")}>
        <div role="status"><Note tone="ok">{t("reset.done")}</Note></div>
        <p><Link to="/sign-in" className="link">{t("reset.to_sign_in")}</Link></p>
      </Calm>
    );
  }
  const problem = finish.error ? asProblem(finish.error) : null;
  return (
    <Calm title={t("reset.title")} intro={t("reset.intro", { email: person.email })}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          finish.mutate(formText(event.currentTarget, "password"));
        }}
        className="flex flex-col gap-5"
      >
        {problem && problem.field !== "password" ? <Note tone="danger">{problem.message}</Note> : null}
        <input type="text" name="username" autoComplete="username" value={person.email} readOnly hidden />
        <NewPasswordField name="password" label={t("reset.password")} error={problem?.field === "password" ? problem.message : null} words={[person.name, person.email]} autoFocus />
        <Button type="submit" variant="primary" busy={finish.isPending}>{t("reset.action")}</Button>
      </form>
    </Calm>
  );
}
