// One conversation, or the start of a new one.
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearchParams } from "react-router";
import { ProblemError } from "@/api/client";
import { EmptyState, ErrorState } from "@/ui/States";
import { Skeleton } from "@/ui/Spinner";
import { useDocumentTitle } from "@/ui/useDocumentTitle";
import { ConversationView } from "./ConversationView";
import { conversationQuery } from "./data";

export function Component() {
  const { conversationId } = useParams();
  return conversationId ? <Stored key={conversationId} id={conversationId} /> : <Fresh key="new" />;
}

function Fresh() {
  const { t } = useTranslation(["chat", "common"]);
  const [search] = useSearchParams();
  useDocumentTitle(t("title.new"));
  return <ConversationView conversation={null} wantedModel={search.get("model")} />;
}

function Stored({ id }: { id: string }) {
  const { t } = useTranslation(["chat", "common"]);
  const { data, error, refetch } = useQuery(conversationQuery(id));
  useDocumentTitle(data?.title || t("title.new"));
  // Deleted in another tab counts too: what is still cached here is gone.
  const isMissing = error instanceof ProblemError && error.status === 404;
  if (data && !isMissing) return <ConversationView conversation={data} />;
  return (
    <div className="mx-auto w-full max-w-[704px] px-4 py-12">
      {isMissing ? (
        <EmptyState title={t("missing.title")}>{t("missing.text")}</EmptyState>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton label={t("common:loading")} lines={5} />
      )}
    </div>
  );
}
