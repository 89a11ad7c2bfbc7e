// Who did what (P17): the trail newest first, filtered by act, and a check of its chain.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { useSignedIn } from "@/api/session";
import { Button } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { Select } from "@/ui/Select";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState, NoPermission } from "@/ui/States";
import { useActionWords } from "./actionWords";
import { AuditList } from "./AuditList";
import { ChainCheck } from "./ChainCheck";
import { auditQuery } from "./queries";

export function Component() {
  const { t } = useTranslation("oversight");
  const { canManage } = useSignedIn();
  if (!canManage) return <Page title={t("audit.title")}><NoPermission /></Page>;
  return <AuditTrail />;
}

function AuditTrail() {
  const { t } = useTranslation("oversight");
  const { t: common } = useTranslation();
  const word = useActionWords();
  const [params, setParams] = useSearchParams();
  const action = params.get("action") ?? "";
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(auditQuery(action));
  const entries = data?.pages.flatMap((page) => page.entries) ?? [];
  const actions = data?.pages[0]?.actions ?? [];
  const known = action === "" || actions.includes(action) ? actions : [action, ...actions];
  const options = [{ value: "", label: t("audit.all") }, ...known.map((value) => ({ value, label: word(value) }))];
  return (
    <Page title={t("audit.title")} intro={t("audit.intro")}>
      <ChainCheck />
      <div className="flex max-w-72 flex-col gap-1.5">
        <span className="text-sm font-semibold">{t("audit.filter")}</span>
        <Select label={t("audit.filter")} value={action} options={options} onChange={(next) => setParams(next ? { action: next } : {}, { replace: true })} />
      </div>
      {!data && !error ? <Skeleton lines={8} label={common("loading")} /> : null}
      {error && !data ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && entries.length === 0 ? (
        <EmptyState title={t("audit.empty_title")} actions={action ? <Button onClick={() => setParams({})}>{t("audit.show_all")}</Button> : null}>{t("audit.empty_text")}</EmptyState>
      ) : null}
      {entries.length > 0 ? <AuditList entries={entries} /> : null}
      {hasNextPage ? <div><Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t("audit.older")}</Button></div> : null}
      {entries.length > 0 && !hasNextPage && action === "" ? <p className="text-sm text-muted">{t("audit.end")}</p> : null}
    </Page>
  );
}
