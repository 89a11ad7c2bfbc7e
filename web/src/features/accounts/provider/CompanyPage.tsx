// Sign in with one's company: the team's link leads to its provider; without the link, it is pasted here.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { asProblem } from "@/api/client";
import { useProviderSignIn } from "@/api/provider";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { Skeleton } from "@/ui/Spinner";
import { Note } from "@/ui/States";
import { Calm } from "../Calm";
import { safeNext } from "../useEntry";
import { offerQuery } from "./identities";
import { teamOf } from "./teamLink";

export function Component() {
  const { teamId } = useParams();
  return teamId ? <OfTeam teamId={teamId} /> : <WhichTeam />;
}

function WhichTeam() {
  const { t } = useTranslation("identity");
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [error, setError] = useState<string | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget).get("link");
    const team = teamOf(typeof typed === "string" ? typed : "");
    if (team) void navigate(`/sign-in/team/${team}?${search.toString()}`);
    else setError(t("company.no_link"));
  };
  return (
    <Calm title={t("company.title")} intro={t("company.intro")} footer={<Link to="/sign-in" className="link">{t("company.back")}</Link>}>
      <form noValidate onSubmit={submit} className="flex flex-col gap-5">
        <Field label={t("company.link")} error={error}>
          <Input name="link" autoComplete="off" spellCheck={false} autoFocus mono />
        </Field>
        <Button type="submit" variant="primary">{t("company.go_on")}</Button>
      </form>
    </Calm>
  );
}

function OfTeam({ teamId }: { teamId: string }) {
  const { t } = useTranslation("identity");
  const { t: common } = useTranslation();
  const [search] = useSearchParams();
  const offer = useQuery(offerQuery(teamId));
  const act = useProviderSignIn();
  const back = <Link to="/sign-in" className="link">{t("company.back")}</Link>;
  if (offer.error) {
    const problem = asProblem(offer.error);
    return (
      <Calm title={t("company.title")} intro={problem.message} footer={back}>
        {problem.retryable ? <Button onClick={() => void offer.refetch()}>{common("action.tryAgain")}</Button> : null}
      </Calm>
    );
  }
  if (!offer.data) return <Calm title={t("company.title")}><Skeleton label={common("loading")} lines={3} /></Calm>;
  const { name, team_name: team } = offer.data;
  return (
    <Calm title={t("company.to_team", { team })} intro={t("company.leaves", { name })} footer={back}>
      {act.error ? <Note tone="danger">{asProblem(act.error).message}</Note> : null}
      <Button variant="primary" busy={act.isPending} onClick={() => act.mutate({ teamId, next: safeNext(search.get("next")) })} className="whitespace-normal">
        {t("company.by", { name })}
      </Button>
    </Calm>
  );
}
