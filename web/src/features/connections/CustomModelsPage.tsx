// Settings, Models, Custom models: the team's connections, from stored state only.
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { MatterList } from "@/ui/MatterList";
import { useMatters } from "@/api/attention";
import { buttonClass } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { ConnectionRow } from "./ConnectionRow";
import { Duties } from "./Duties";
import { EmptyList } from "./EmptyList";
import { ManagersOnly } from "./ManagersOnly";
import { connectionsQuery } from "./queries";
import { RefusalNote } from "./RefusalNote";

export function Component() {
  const { t } = useTranslation("connections");
  return (
    <ManagersOnly title={t("title")}>
      <ConnectionList />
    </ManagersOnly>
  );
}

function ConnectionList() {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(connectionsQuery);
  const matters = useMatters();
  const down = new Set(matters.filter((matter) => matter.kind !== "key_ends").map((matter) => matter.connection_id));
  const isReadOnly = Boolean(data?.refusal);
  const connections = data?.connections ?? [];
  const add = (
    <Link to="/settings/models/custom/new" className={buttonClass("primary")}><Plus aria-hidden="true" />{t("connect")}</Link>
  );
  return (
    <Page title={t("title")} intro={<span className="block max-w-[38rem]">{t("intro")}</span>} actions={connections.length > 0 && !isReadOnly ? add : null}>
      {data?.refusal ? <RefusalNote refusal={data.refusal} /> : null}
      {!data && !error ? <Skeleton lines={6} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      <MatterList matters={matters} links />
      {data && connections.length === 0 && !isReadOnly ? <EmptyList /> : null}
      {connections.length > 0 ? (
        <ul aria-label={t("list.label")} className="flex flex-col gap-3">
          {connections.map((connection) => (
            <ConnectionRow key={connection.id} connection={connection} isReadOnly={isReadOnly} isToldAbove={down.has(connection.id)} />
          ))}
        </ul>
      ) : null}
      {data ? <Duties /> : null}
    </Page>
  );
}
