// What the holder of an invitation link sees: who invites, into which team, as what; then join, new here or signed in.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, asProblem, type Schemas } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { currentLocale } from "@/i18n";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { Note } from "@/ui/States";
import { Calm } from "./Calm";
import { formText } from "./formText";
import { PersonFields } from "./PersonFields";
import { useEntry } from "./useEntry";

type Peek = Schemas["InvitationPeek"];

export function Component() {
  const { t } = useTranslation(["accounts", "common"]);
  const { token = "" } = useParams();
  const path = `/api/invitations/${encodeURIComponent(token)}`;
  const session = useQuery(sessionQuery);
  const peek = useQuery({ queryKey: ["invitation", token], queryFn: ({ signal }) => api.get<Peek>(path, signal) });
  if (peek.error) {
    const problem = asProblem(peek.error);
    return (
      <Calm title={t("invite.deadTitle")} intro={problem.message} footer={<Link to="/" className="link">{t("invite.home")}</Link>}>
        {problem.retryable ? <Button onClick={() => void peek.refetch()}>{t("common:action.tryAgain")}</Button> : null}
      </Calm>
    );
  }
  if (!peek.data || !session.data) return <Calm title={t("invite.loading")}><Skeleton label={t("common:loading")} lines={4} /></Calm>;
  return <Accept path={path} token={token} peek={peek.data} me={session.data.me ?? null} />;
}

function Accept({ path, token, peek, me }: { path: string; token: string; peek: Peek; me: Schemas["Me"] | null }) {
  const { t } = useTranslation(["accounts", "common"]);
  const { enter, isBusy, errorOf, otherError } = useEntry<Schemas["InvitationAccept"]>(path, ["name", "email", "password"]);
  const intro = t("invite.intro", { name: peek.invited_by, team: peek.team_name, role: t(`common:role.${peek.role}`) });
  const error = otherError ? <Note tone="danger">{otherError}</Note> : null;
  if (me) {
    return (
      <Calm title={t("invite.title", { team: peek.team_name })} intro={intro}>
        {error}
        <p>{t("invite.signedInAs", { name: me.name, email: me.email })}</p>
        <Button variant="primary" busy={isBusy} onClick={() => enter({ name: null, email: null, password: null, locale: currentLocale() })}>{t("invite.join")}</Button>
      </Calm>
    );
  }
  return (
    <Calm
      title={t("invite.title", { team: peek.team_name })}
      intro={intro}
      footer={<Link to={`/sign-in?next=${encodeURIComponent(`/invite/${token}`)}`} className="link">{t("invite.haveAccount")}</Link>}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          enter({ name: formText(form, "name"), email: formText(form, "email"), password: formText(form, "password"), locale: currentLocale() });
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
