// What the holder of an invitation link sees: who invites, into which team, as what; then join, new here or signed in.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { api, asProblem, type Schemas } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { currentLocale } from "@/i18n";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { Note } from "@/ui/States";
import { Calm } from "./Calm";
import { formText } from "./formText";
import { forgetInvitation, takeInvitation } from "./invitation";
import { PersonFields } from "./PersonFields";
import { useEntry } from "./useEntry";

type Peek = Schemas["InvitationPeek"];

export function Component() {
  const { t } = useTranslation(["accounts", "common"]);
  const [token] = useState(takeInvitation);
  const session = useQuery(sessionQuery);
  const peek = useQuery({
    queryKey: ["invitation", token],
    queryFn: ({ signal }) => api.post<Peek>("/api/invitations/peek", { token }, signal),
    enabled: token !== "",
    gcTime: 0,
  });
  const problem = peek.error ? asProblem(peek.error) : null;
  const isDead = problem !== null && !problem.retryable;
  useEffect(() => {
    if (isDead) forgetInvitation();
  }, [isDead]);
  if (token === "" || problem) {
    return (
      <Calm title={t("invite.deadTitle")} intro={problem?.message ?? t("invite.noToken")} footer={<Link to="/" className="link">{t("invite.home")}</Link>}>
        {problem?.retryable ? <Button onClick={() => void peek.refetch()}>{t("common:action.tryAgain")}</Button> : null}
      </Calm>
    );
  }
  if (!peek.data || !session.data) return <Calm title={t("invite.loading")}><Skeleton label={t("common:loading")} lines={4} /></Calm>;
  return <Accept token={token} peek={peek.data} me={session.data.me ?? null} />;
}

function Accept({ token, peek, me }: { token: string; peek: Peek; me: Schemas["Me"] | null }) {
  const { t } = useTranslation(["accounts", "common"]);
  const { enter, isBusy, errorOf, otherError } = useEntry<Schemas["InvitationAccept"]>("/api/invitations/accept", ["name", "email", "password"], forgetInvitation);
  const intro = t("invite.intro", { name: peek.invited_by, team: peek.team_name, role: t(`common:role.${peek.role}`) });
  const error = otherError ? <Note tone="danger">{otherError}</Note> : null;
  if (me) {
    return (
      <Calm title={t("invite.title", { team: peek.team_name })} intro={intro}>
        {error}
        <p>{t("invite.signedInAs", { name: me.name, email: me.email })}</p>
        <Button variant="primary" busy={isBusy} onClick={() => enter({ token, name: null, email: null, password: null, locale: currentLocale() })}>{t("invite.join")}</Button>
      </Calm>
    );
  }
  return (
    <Calm
      title={t("invite.title", { team: peek.team_name })}
      intro={intro}
      footer={<Link to="/sign-in?next=/invite" className="link">{t("invite.haveAccount")}</Link>}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          enter({ token, name: formText(form, "name"), email: formText(form, "email"), password: formText(form, "password"), locale: currentLocale() });
        }}
        className="flex flex-col gap-5"
      >
        {error}
        <PersonFields errorOf={errorOf} />
        <Button type="submit" variant="primary" busy={isBusy}>{t("invite.accept")}</Button>
      </form>
    </Calm>
  );
}
