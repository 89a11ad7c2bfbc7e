// Everything about one connection: what it is, its models, its last test, its key, and its end.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useParams } from "react-router";
import { ProblemError } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { buttonClass } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState, Note } from "@/ui/States";
import { AccessSection } from "./access/AccessSection";
import { EndpointSection } from "./EndpointSection";
import { EndSection } from "./EndSection";
import { HealthMark } from "./HealthMark";
import { HealthNote } from "./HealthNote";
import { KeyUseSection } from "./KeyUseSection";
import { ManagersOnly } from "./ManagersOnly";
import { ModelsSection } from "./ModelsSection";
import { OverviewSection } from "./OverviewSection";
import { ProfileSection } from "./ProfileSection";
import { connectionQuery } from "./queries";
import { RefusalNote } from "./RefusalNote";
import { TestSection } from "./TestSection";
import { TlsSection } from "./TlsSection";

export function Component() {
  const { t } = useTranslation("connections");
  const { connectionId = "" } = useParams();
  return (
    <ManagersOnly title={t("title")}>
      <ConnectionPage key={connectionId} id={connectionId} />
    </ManagersOnly>
  );
}

/** Goes to the part of the page that the address names, once it is there. */
function useHash(isReady: boolean): void {
  const { hash } = useLocation();
  useEffect(() => {
    if (!isReady || hash === "") return;
    const section = document.getElementById(hash.slice(1));
    section?.scrollIntoView();
    section?.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
  }, [hash, isReady]);
}

function ConnectionPage({ id }: { id: string }) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const { t: watch } = useTranslation("watch");
  const { team } = useSignedIn();
  const { data: connection, error, refetch } = useQuery(connectionQuery(id));
  useHash(Boolean(connection));
  const crumbs = <Link to="/settings/models/custom" className="link">{t("title")}</Link>;
  if (!connection) {
    const isGone = error instanceof ProblemError && error.status === 404;
    return (
      <Page title={t("title")} back={crumbs}>
        {error ? null : <Skeleton lines={8} label={common("loading")} />}
        {isGone ? <EmptyState title={t("page.not_found")} actions={<Link to="/settings/models/custom" className={buttonClass()}>{t("page.to_list")}</Link>} /> : null}
        {error && !isGone ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      </Page>
    );
  }
  const isReadOnly = Boolean(team.refusal);
  const isLost = connection.health === "needs_key";
  return (
    <Page title={connection.name} back={<>{crumbs} / {connection.name}</>} actions={<HealthMark connection={connection} brief />}>
      {team.refusal ? <RefusalNote refusal={team.refusal} /> : null}
      {isLost ? (
        <Note tone="danger" actions={<Link to="#key" className="link">{t("page.enter_both")}</Link>}>
          <p className="font-semibold">{t("page.key_lost_title")}</p>
          <p>{t("page.key_lost")}</p>
        </Note>
      ) : null}
      <HealthNote connection={connection} />
      {connection.maintainer_left ? <Note tone="warn"><p>{watch("maintainer.left", { name: connection.maintainer_name ?? "–" })}</p></Note> : null}
      <OverviewSection connection={connection} isReadOnly={isReadOnly} />
      <ModelsSection connection={connection} isReadOnly={isReadOnly} />
      <AccessSection connection={connection} />
      <ProfileSection connection={connection} isReadOnly={isReadOnly} />
      {/* What was seen of the old key or address says nothing about the new one. */}
      {isLost ? null : <TestSection key={connection.key.number} connection={connection} isReadOnly={isReadOnly} />}
      {isLost ? null : <TlsSection connection={connection} isReadOnly={isReadOnly} />}
      <KeyUseSection connection={connection} isReadOnly={isReadOnly} />
      <EndpointSection connection={connection} isReadOnly={isReadOnly} />
      <EndSection connection={connection} isReadOnly={isReadOnly} />
    </Page>
  );
}

