// What was put out of the way, last changed first. Loaded when somebody looks into it.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { archivedQuery } from "./data";
import { ListLine } from "./ListLine";

export function Archive() {
  const { t } = useTranslation(["chat", "common"]);
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery(archivedQuery);
  const lines = data?.pages.flatMap((page) => page.conversations) ?? [];
  if (isPending) return <Skeleton label={t("common:loading")} lines={2} />;
  if (error && !data) {
    return (
      <div role="alert" className="flex flex-col items-start gap-2 px-3 py-2 text-sm text-muted">
        <p>{t("list.error")}</p>
        <Button size="sm" onClick={() => void refetch()}>{t("common:action.tryAgain")}</Button>
      </div>
    );
  }
  if (lines.length === 0) return <p className="px-3 py-2 text-sm text-muted">{t("list.archiveEmpty")}</p>;
  return (
    <>
      <ul aria-label={t("list.archive")}>{lines.map((line) => <ListLine key={line.id} line={line} />)}</ul>
      {hasNextPage ? <Button variant="quiet" size="sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()} className="mt-2 w-full">{t("list.more")}</Button> : null}
    </>
  );
}
