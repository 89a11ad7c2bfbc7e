// Where an identity provider sends people back to. What it brought is handed over once, and leaves the address at once.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { asProblem, type Problem } from "@/api/client";
import { keys, rememberSession, sessionQuery } from "@/api/queries";
import { changeLocale, currentLocale } from "@/i18n";
import { notify } from "@/ui/Announcer";
import { buttonClass } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { Calm } from "../Calm";
import { safeNext } from "../useEntry";
import { bringBack, type ProviderReturned } from "./identities";
import { TrialResult } from "./TrialResult";

const settings = "/settings/security";

export function Component() {
  const { t } = useTranslation("identity");
  const { t: common } = useTranslation();
  const { provider = "" } = useParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tested, setTested] = useState<ProviderReturned | null>(null);
  const isBegun = useRef(false);
  useEffect(() => {
    if (isBegun.current) return;
    isBegun.current = true;
    const brought = new URLSearchParams(location.search);
    history.replaceState(history.state, "", location.pathname);
    const part = (name: string) => brought.get(name);
    const finish = async () => {
      try {
        const done = await bringBack({ provider, state: part("state") ?? "", code: part("code"), iss: part("iss"), error: part("error"), locale: currentLocale() });
        if (done.purpose === "sign_in") client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] });
        client.setQueryData(keys.session, rememberSession(done.session));
        if (done.session.me) await changeLocale(done.session.me.locale);
        if (done.purpose === "test") return setTested(done);
        if (done.purpose === "link") notify(t("return.linked"));
        if (done.purpose === "prove") notify(t("return.proved"));
        await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] });
        await navigate(safeNext(done.next), { replace: true });
      } catch (error) {
        // Whether somebody is signed in decides where the way back leads.
        await client.fetchQuery({ ...sessionQuery, staleTime: 0 }).catch(() => null);
        setProblem(asProblem(error));
      }
    };
    void finish();
  }, [client, navigate, provider, t]);
  if (tested?.found) return <TrialResult found={tested.found} />;
  if (!problem) return <Calm title={t("return.title")}><Skeleton label={common("loading")} lines={3} /></Calm>;
  const isIn = Boolean(client.getQueryData(sessionQuery.queryKey)?.me);
  const again = provider === "deployment" ? "/sign-in" : `/sign-in/team/${encodeURIComponent(provider)}`;
  return (
    <Calm title={t("return.failed")} intro={<span role="alert">{problem.message}</span>}>
      <div className="flex flex-wrap gap-2">
        <Link to={isIn ? settings : again} className={buttonClass("primary")}>{isIn ? t("return.to_settings") : t("return.again")}</Link>
        {isIn ? null : <Link to="/sign-in" className={buttonClass("quiet")}>{t("return.other_way")}</Link>}
      </div>
    </Calm>
  );
}
