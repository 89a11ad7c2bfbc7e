// Settings, Models, Aliases: names of the team's own, and what each stands for.
import { useQuery } from "@tanstack/react-query";
import { ArrowRight, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ManagersOnly } from "../ManagersOnly";
import { useFormats } from "@/i18n/format";
import { OriginMark } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState } from "@/ui/States";
import { AliasDialog } from "./AliasDialog";
import { aliasesQuery, type AliasView } from "./queries";

export function Component() {
  const { t } = useTranslation("access");
  return (
    <ManagersOnly title={t("alias.title")}>
      <Aliases />
    </ManagersOnly>
  );
}

function Aliases() {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(aliasesQuery);
  const [isMaking, setIsMaking] = useState(false);
  const aliases = data?.aliases ?? [];
  const make = <Button variant="primary" onClick={() => setIsMaking(true)}><Plus aria-hidden="true" />{t("alias.make")}</Button>;
  return (
    <Page title={t("alias.title")} intro={t("alias.intro")} actions={aliases.length > 0 ? make : null}>
      {!data && !error ? <Skeleton lines={4} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && aliases.length === 0 ? <EmptyState title={t("alias.none")} actions={make}>{t("alias.none_text")}</EmptyState> : null}
      {aliases.length > 0 ? (
        <ul aria-label={t("alias.list")} className="divide-y divide-line rounded-lg border border-line bg-surface">
          {aliases.map((alias) => <AliasLine key={alias.id} alias={alias} />)}
        </ul>
      ) : null}
      {isMaking ? <AliasDialog alias={null} onClose={() => setIsMaking(false)} /> : null}
    </Page>
  );
}

function AliasLine({ alias }: { alias: AliasView }) {
  const { t } = useTranslation("access");
  const { date } = useFormats();
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <Link to={`/settings/models/aliases/${alias.id}`} className="link min-w-0 basis-48 font-semibold wrap-anywhere">{alias.name}</Link>
      <span className="flex min-w-0 flex-1 basis-64 flex-wrap items-center gap-x-2 gap-y-0.5 text-sm">
        <ArrowRight aria-hidden="true" className="size-4 shrink-0 text-muted" />
        <span className="wrap-anywhere">{alias.model_name}</span>
        <span className="text-muted wrap-anywhere">{alias.connection_name}</span>
        <OriginMark origin={alias.origin} quiet className="text-xs" />
      </span>
      <span className="text-xs text-muted tnum">{t("alias.since", { date: date(alias.since) })}</span>
    </li>
  );
}
