// For members who are named as a maintainer: what of theirs should be seen to. Settings are for owners and admins.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState } from "@/ui/States";
import { MatterList } from "@/ui/MatterList";
import { attentionQuery } from "@/api/attention";

export function Component() {
  const { t } = useTranslation("watch");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(attentionQuery);
  return (
    <Page title={common("settings.lookAfter")} intro={t("mine.intro")}>
      {!data && !error ? <Skeleton lines={4} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && data.matters.length === 0 ? <EmptyState title={t("mine.nothing")}>{t("mine.nothing_text")}</EmptyState> : null}
      {data ? <MatterList matters={data.matters} links={false} /> : null}
    </Page>
  );
}
