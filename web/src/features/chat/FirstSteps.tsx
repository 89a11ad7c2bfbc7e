// A new chat. Where nothing can be asked yet, it says what to do first, or whom to ask.
import { useQuery } from "@tanstack/react-query";
import { Server } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { modelsQuery, teamQuery } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { andTexts } from "@/i18n";
import { buttonClass } from "@/ui/Button";
import { EmptyState, ErrorState, Note } from "@/ui/States";
import { readLeftOut, stepIds, writeLeftOut } from "./firstSteps";
import type { ModelChoice } from "./useModelChoice";

const StepList = lazy(() => andTexts(import("./StepList"), "later").then((module) => ({ default: module.StepList })));

/** `onWrite`: to the message field. */
export function FirstSteps({ choice, onWrite }: { choice: ModelChoice; onWrite: () => void }) {
  const { t } = useTranslation(["chat", "common"]);
  const { me, canManage, team } = useSignedIn();
  const { data, error, refetch } = useQuery(modelsQuery);
  const [leftOut, setLeftOut] = useState(() => readLeftOut(me.id));
  const hasSteps = canManage && !team.refusal;
  // Whoever put the list away is still led to a model where there is none at all.
  const otherwise = data && !choice.hasAny ? <ConnectFirst /> : null;
  return (
    <div className="thread-grid flex-1 content-center py-10">
      <div className="flex flex-col gap-4 xl:col-start-2">
        <h1 className="text-2xl">{t("first.hello", { name: me.name.split(" ")[0] ?? me.name })}</h1>
        {error && !data ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
        {data && !choice.hasAny && !canManage ? <AskWhom /> : null}
        {data && choice.hasOpen ? <p className="max-w-lg text-muted">{t("first.write")}</p> : null}
        {hasSteps && leftOut.length < stepIds.length ? (
          <Suspense><StepList leftOut={leftOut} onLeaveOut={(ids) => (writeLeftOut(me.id, ids), setLeftOut([...ids]))} onWrite={onWrite} otherwise={otherwise} /></Suspense>
        ) : hasSteps ? otherwise : null}
        {team.refusal ? <Note tone="warn">{team.refusal.message}</Note> : null}
      </div>
    </div>
  );
}

function ConnectFirst() {
  const { t } = useTranslation(["chat", "common"]);
  return (
    <EmptyState
      icon={<Server aria-hidden="true" />}
      title={t("first.connectTitle")}
      actions={<Link to="/settings/models/custom/new" className={buttonClass("primary")}>{t("first.connect")}</Link>}
    >
      <p>{t("first.connectText")}</p>
    </EmptyState>
  );
}

function AskWhom() {
  const { t } = useTranslation(["chat", "common"]);
  const { i18n } = useTranslation();
  const { data } = useQuery(teamQuery);
  const names = data?.members.filter((m) => m.role !== "member").map((m) => m.name) ?? [];
  const list = new Intl.ListFormat(i18n.language, { type: "disjunction" }).format(names);
  return <EmptyState icon={<Server aria-hidden="true" />} title={t("first.noneTitle")}>{names.length > 0 ? t("first.askNames", { names: list }) : t("first.ask")}</EmptyState>;
}
