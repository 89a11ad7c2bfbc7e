// Who else may read a conversation, and up to where. Every tick takes effect at once.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Link2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, asProblem, type Schemas } from "@/api/client";
import { keys, teamQuery } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { useFormats } from "@/i18n/format";
import { announce } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { useCopy } from "@/ui/useCopy";
import { conversationChanged, conversationQuery } from "./data";
import { type Change, type OnChange, ShareReader } from "./ShareReader";

type Sharing = Schemas["SharingView"];

export function ShareDialog({ id, title, onClose }: { id: string; title: string; onClose: () => void }) {
  const { t } = useTranslation(["chat", "common", "sharing"]);
  const { data: sharing, error, refetch } = useQuery({
    queryKey: keys.sharing(id),
    queryFn: ({ signal }) => api.get<Sharing>(`/api/conversations/${id}/sharing`, signal),
  });
  const change = useSharingChange(id);
  const { copied, copy } = useCopy();
  const isShared = sharing !== undefined && sharing.head_id !== null;
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("sharing:share.title")}
      description={t("sharing:share.text", { title })}
      actions={
        <>
          {isShared ? <Button variant="danger" busy={change.isPending} onClick={() => change.mutate({ path: "", gives: false })}>{t("sharing:share.end")}</Button> : null}
          {isShared ? <Button onClick={() => copy(`${location.origin}/shared/${id}`)}>{copied ? <Check aria-hidden="true" /> : <Link2 aria-hidden="true" />}{copied ? t("copy.done") : t("sharing:share.link")}</Button> : null}
          <Button variant="primary" onClick={onClose}>{t("sharing:share.done")}</Button>
        </>
      }
    >
      {change.error ? <Note tone="danger">{asProblem(change.error).message}</Note> : null}
      {error && !sharing ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {sharing ? <Readers sharing={sharing} busy={change.isPending} onChange={change.mutate} /> : error ? null : <Skeleton label={t("common:loading")} lines={4} />}
      {isShared ? <Extent id={id} headId={sharing.head_id} busy={change.isPending} onChange={change.mutate} /> : null}
    </Dialog>
  );
}

function useSharingChange(id: string) {
  const { t } = useTranslation(["chat", "sharing"]);
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ path, gives, body }: Change) => {
      const address = `/api/conversations/${id}/sharing${path}`;
      return gives ? api.put<Sharing>(address, body ?? {}) : api.delete<Sharing>(address);
    },
    onSuccess: (sharing) => {
      client.setQueryData(keys.sharing(id), sharing);
      announce(t("sharing:share.saved"));
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.conversation(id) });
      conversationChanged(client, id);
    },
  });
}

interface PartProps {
  busy: boolean;
  onChange: OnChange;
}

function Readers({ sharing, busy, onChange }: PartProps & { sharing: Sharing }) {
  const { t } = useTranslation(["chat", "common", "sharing"]);
  const { me, team } = useSignedIn();
  const { data, error, refetch } = useQuery(teamQuery);
  const others = data?.members.filter((member) => member.user_id !== me.id) ?? [];
  const readers = new Map(sharing.people.map((person) => [person.user_id, person]));
  return (
    <fieldset className="flex min-w-0 flex-col">
      <legend className="pb-1 text-sm font-semibold">{t("sharing:share.who")}</legend>
      <ShareReader
        path="/team"
        name={team.name}
        term={sharing.team ?? undefined}
        busy={busy}
        onChange={onChange}
        label={<><span className="block">{t("sharing:share.team", { team: team.name })}</span><span className="block text-xs text-muted">{t("sharing:share.teamHint")}</span></>}
      />
      {error && !data ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && others.length === 0 ? <p className="py-1.5 text-sm text-muted">{t("sharing:share.alone")}</p> : null}
      <div className="-m-1.5 flex max-h-72 flex-col overflow-y-auto p-1.5 max-sm:max-h-none">
        {others.map((member) => (
          <ShareReader
            key={member.user_id}
            path={`/people/${member.user_id}`}
            name={member.name}
            term={readers.get(member.user_id)}
            busy={busy}
            onChange={onChange}
            label={<span className="wrap-anywhere">{member.name}</span>}
          />
        ))}
      </div>
    </fieldset>
  );
}

function Extent({ id, headId, busy, onChange }: PartProps & { id: string; headId: string | null }) {
  const { t } = useTranslation(["chat", "sharing"]);
  const { dateTime } = useFormats();
  const { data: conversation } = useQuery(conversationQuery(id));
  const last = conversation?.messages.find((message) => message.id === headId);
  if (!conversation || !last) return null;
  if (conversation.head_id === headId) return <Note>{t("sharing:share.whole")}</Note>;
  const more = <Button size="sm" busy={busy} onClick={() => onChange({ path: "/head", gives: true, body: { message_id: conversation.head_id } })}>{t("sharing:share.more")}</Button>;
  return <Note tone="warn" actions={more}>{t("sharing:share.until", { time: dateTime(last.created_at) })}</Note>;
}
