// Who did what (P17): the trail newest first, filtered, checked, exported, and ruled by owners.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { asProblem } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { Button } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState, NoPermission, Note } from "@/ui/States";
import { type AuditFilter, countOf, readFilter, withParts } from "./auditFilter";
import { AuditFilters } from "./AuditFilters";
import { AuditList } from "./AuditList";
import { ChainCheck } from "./ChainCheck";
import { ExportMenu, useExport } from "./ExportMenu";
import { type AuditEntry, auditQuery, auditRulesQuery } from "./queries";
import { TrailRules } from "./TrailRules";

export function Component() {
  const { t } = useTranslation("oversight");
  const { canManage } = useSignedIn();
  if (!canManage) return <Page title={t("audit.title")}><NoPermission /></Page>;
  return <AuditTrail />;
}

function AuditTrail() {
  const { t } = useTranslation("oversight");
  const { t: common } = useTranslation();
  const [params, setParams] = useSearchParams();
  const filter = readFilter(params);
  const { data: rules } = useQuery(auditRulesQuery);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(auditQuery(filter));
  const exporting = useExport(filter);
  const entries = data?.pages.flatMap((page) => page.entries) ?? [];
  const change = (parts: AuditFilter) => setParams(withParts(filter, parts) as Record<string, string>, { replace: true, preventScrollReset: true });
  const clear = () => setParams({}, { replace: true, preventScrollReset: true });
  return (
    <Page title={t("audit.title")} intro={t("audit.intro")} actions={rules?.may_export ? <ExportMenu filter={filter} exporting={exporting} /> : null}>
      {exporting.error ? <Note tone="danger">{asProblem(exporting.error).message}</Note> : null}
      <ChainCheck />
      <AuditFilters filter={filter} actions={data?.pages[0]?.actions ?? []} names={namesIn(entries)} onChange={change} onClear={clear} />
      {!data && !error ? <Skeleton lines={8} label={common("loading")} /> : null}
      {error && !data ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && entries.length === 0 ? (
        <EmptyState title={t("audit.empty_title")} actions={countOf(filter) > 0 ? <Button onClick={clear}>{t("audit.show_all")}</Button> : null}>{t("audit.empty_text")}</EmptyState>
      ) : null}
      {entries.length > 0 ? <AuditList entries={entries} onFilter={change} /> : null}
      {hasNextPage ? <div><Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t("audit.older")}</Button></div> : null}
      {entries.length > 0 && !hasNextPage && countOf(filter) === 0 && rules?.pruned_through === 0 ? <p className="text-sm text-muted">{t("audit.end")}</p> : null}
      {rules ? <TrailRules rules={rules} /> : null}
    </Page>
  );
}

function namesIn(entries: readonly AuditEntry[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const entry of entries) {
    if (entry.object_id && entry.object_name) names.set(entry.object_id, entry.object_name);
    if (entry.actor_id && entry.actor) names.set(entry.actor_id, entry.actor);
  }
  return names;
}
