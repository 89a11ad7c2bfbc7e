// Forgot the password: a link by mail where this deployment sends mails, else whom to ask.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, asProblem } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { Skeleton } from "@/ui/Spinner";
import { Note } from "@/ui/States";
import { Calm } from "./Calm";
import { formText } from "./formText";

export function Component() {
  const { t } = useTranslation(["accounts", "common"]);
  const session = useQuery(sessionQuery);
  const ask = useMutation({ mutationFn: (email: string) => api.post("/api/password-resets", { email }) });
  const footer = <Link to="/sign-in" className="link">{t("forgot.back")}</Link>;
  if (session.error) return <Calm title={t("forgot.title")} footer={footer}><Note tone="danger">{asProblem(session.error).message}</Note></Calm>;
  if (!session.data) return <Calm title={t("forgot.title")}><Skeleton label={t("common:loading")} lines={3} /></Calm>;
  if (!session.data.can_mail) return <Calm title={t("forgot.title")} intro={t("forgot.no_mail")} footer={footer} />;
  if (ask.isSuccess) {
    return (
      <Calm title={t("forgot.sent_title")} footer={footer}>
        <div role="status"><Note tone="ok">{t("forgot.sent", { email: ask.variables })}</Note></div>
      </Calm>
    );
  }
  const problem = ask.error ? asProblem(ask.error) : null;
  return (
    <Calm title={t("forgot.title")} intro={t("forgot.intro")} footer={footer}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate(formText(event.currentTarget, "email"));
        }}
        className="flex flex-col gap-5"
      >
        {problem && problem.field !== "email" ? <Note tone="danger">{problem.message}</Note> : null}
        <Field label={t("field.email")} error={problem?.field === "email" ? problem.message : null}>
          <Input name="email" type="email" autoComplete="username" required autoFocus />
        </Field>
        <Button type="submit" variant="primary" busy={ask.isPending}>{t("forgot.action")}</Button>
      </form>
    </Calm>
  );
}
