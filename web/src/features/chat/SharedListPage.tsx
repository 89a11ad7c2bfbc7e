// What others of the team let one read.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { useFormats } from "@/i18n/format";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState } from "@/ui/States";
import { SealIcon } from "@/sealing/zones";
import { toldEnd } from "./shareTerm";

export function Component() {
  const { t } = useTranslation(["chat", "common", "sharing"]);
  const formats = useFormats();
  const { data, error, refetch } = useQuery({ queryKey: keys.shared, queryFn: ({ signal }) => api.get<Schemas["SharedList"]>("/api/shared-conversations", signal) });
  return (
    <Page title={t("shared.title")} intro={t("sharing:shared.intro")}>
      {!data && !error ? <Skeleton label={t("common:loading")} lines={4} /> : null}
      {error && !data ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data?.conversations.length === 0 ? <EmptyState title={t("sharing:shared.emptyTitle")}>{t("sharing:shared.emptyText")}</EmptyState> : null}
      {data && data.conversations.length > 0 ? (
        <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {data.conversations.map((line) => (
            <li key={line.id}>
              <Link to={`/shared/${line.id}`} className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 px-4 py-3 hover:bg-hover">
                <span className="min-w-0 flex-1 basis-60 font-semibold wrap-anywhere">{line.title || t("title.new")} <SealIcon zones={line.sealed_to} /></span>
                <span className="text-sm text-muted">{t("sharing:shared.by", { name: line.owner_name })} · {formats.date(line.shared_at)}{line.ends_at ? ` · ${t("sharing:shared.until", { day: toldEnd(line.ends_at, formats) })}` : ""}</span>
              </Link>
            </li>
          ))}
        </ul>
      ) : null}
    </Page>
  );
}
