// Which identity providers one's account is linked to. A link is made there and back, and never by a mail address.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useLink } from "@/api/provider";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { identitiesQuery, type IdentityList, useUnlink } from "./identities";

export function IdentitiesSection() {
  const { t } = useTranslation("identity");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(identitiesQuery);
  return (
    <PageSection id="identities" title={t("own.title")} about={t("own.about")}>
      {!data && !error ? <Skeleton lines={2} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? <Links list={data} /> : null}
    </PageSection>
  );
}

function Links({ list }: { list: IdentityList }) {
  const { t } = useTranslation("identity");
  const link = useLink();
  const title = (name: string, team: string) => (team ? t("own.of_team", { name, team }) : name);
  return (
    <>
      {link.error ? <Note tone="danger">{asProblem(link.error).message}</Note> : null}
      {list.identities.length === 0 && list.linkable.length === 0 ? <p className="text-sm text-muted">{t("own.none")}</p> : null}
      <ul aria-label={t("own.title")} className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface empty:hidden">
        {list.identities.map((one) => <Linked key={one.id} identity={one} title={title(one.provider_name, one.team_name)} />)}
        {list.linkable.map((one) => (
          <li key={one.team_id ?? ""} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-2.5">
            <p className="min-w-0">{title(one.name, one.team_name)}<span className="block text-sm text-muted">{t("own.not_linked")}</span></p>
            <Button size="sm" busy={link.isPending && link.variables === one.team_id} onClick={() => link.mutate(one.team_id ?? null)}>{t("own.link")}</Button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Linked({ identity, title }: { identity: IdentityList["identities"][number]; title: string }) {
  const { t } = useTranslation("identity");
  const formats = useFormats();
  const unlink = useUnlink();
  const [isAsked, setIsAsked] = useState(false);
  const remove = () =>
    unlink.mutate(identity.id, {
      onSuccess: () => {
        setIsAsked(false);
        notify(t("own.unlinked"));
      },
    });
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-2.5">
      <p className="min-w-0">
        {title}
        <span className="block text-sm text-muted">{t("own.since", { date: formats.date(identity.linked_at), used: formats.date(identity.used_at) })}</span>
      </p>
      <Button size="sm" variant="danger" onClick={() => setIsAsked(true)}>{t("own.unlink")}</Button>
      <ConfirmDialog
        open={isAsked}
        onClose={() => setIsAsked(false)}
        onConfirm={remove}
        title={t("own.unlink_title", { name: title })}
        description={t("own.unlink_text")}
        confirm={t("own.unlink")}
        busy={unlink.isPending}
        error={unlink.error ? asProblem(unlink.error).message : null}
      />
    </li>
  );
}
