// What everybody who is signed in is told: written here in both languages, shown from one moment until another.
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState } from "@/ui/States";
import { AnnouncementDialog } from "./AnnouncementDialog";
import { type Announcement, announcementsQuery, useAnnouncing } from "./queries";

const tones = { waiting: "neutral", shown: "ok", over: "neutral" } as const;

export function Component() {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(announcementsQuery);
  const [edited, setEdited] = useState<Announcement | "new" | null>(null);
  const [leaving, setLeaving] = useState<Announcement | null>(null);
  const add = <Button variant="primary" onClick={() => setEdited("new")}><Plus aria-hidden="true" />{t("announce.new")}</Button>;
  return (
    <Page title={t("page.announcements")} intro={t("announce.intro")} actions={data && data.announcements.length > 0 ? add : null}>
      {!data && !error ? <Skeleton lines={6} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data?.announcements.length === 0 ? <EmptyState title={t("announce.none")} actions={add}>{t("announce.none_text")}</EmptyState> : null}
      <ul className="flex flex-col gap-4">
        {data?.announcements.map((one) => <Line key={one.id} announcement={one} onEdit={() => setEdited(one)} onRemove={() => setLeaving(one)} />)}
      </ul>
      {edited ? <AnnouncementDialog of={edited === "new" ? null : edited} onClose={() => setEdited(null)} /> : null}
      <Removal of={leaving} onClose={() => setLeaving(null)} />
    </Page>
  );
}

function Line({ announcement, onEdit, onRemove }: { announcement: Announcement; onEdit: () => void; onRemove: () => void }) {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const { kind, state, text_en, text_de, from_at, until_at } = announcement;
  return (
    <li className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-4">
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <Badge tone={tones[state]}>{t(`announce.state.${state}`)}</Badge>
        {kind === "warning" ? <Badge tone="warn">{t("announce.kind.warning")}</Badge> : null}
        <span className="text-muted tnum">{t("announce.times", { from: formats.dateTime(from_at), until: formats.dateTime(until_at) })}</span>
      </div>
      <div className="grid gap-3 text-sm sm:grid-cols-2">
        <div><p className="text-xs text-muted">{common("language.en")}</p><p lang="en" className="whitespace-pre-line wrap-anywhere">{text_en}</p></div>
        <div><p className="text-xs text-muted">{common("language.de")}</p><p lang="de" className="whitespace-pre-line wrap-anywhere">{text_de}</p></div>
      </div>
      <div className="flex flex-wrap gap-2">
        {state === "over" ? null : <Button size="sm" onClick={onEdit}>{t("announce.edit")}</Button>}
        <Button size="sm" variant="quiet" onClick={onRemove}>{t("announce.remove")}</Button>
      </div>
    </li>
  );
}

function Removal({ of, onClose }: { of: Announcement | null; onClose: () => void }) {
  const { t } = useTranslation("operator");
  const act = useAnnouncing();
  const remove = () => of && act.mutate({ id: of.id, draft: null }, { onSuccess: () => { onClose(); notify(t("announce.removed")); } });
  return (
    <ConfirmDialog
      open={of !== null}
      onClose={onClose}
      onConfirm={remove}
      title={t("announce.remove_title")}
      description={<p className="text-sm">{t("announce.remove_text")}</p>}
      confirm={t("announce.remove")}
      busy={act.isPending}
      error={act.error ? asProblem(act.error).message : null}
    />
  );
}
