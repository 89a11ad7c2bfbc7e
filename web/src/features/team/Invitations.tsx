// Invitations by link. A link is shown once, when it is made; afterwards only that it exists.
import { Check, Copy } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { asProblem, type Problem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { useSignedIn } from "@/api/session";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { PageSection } from "@/ui/PageSection";
import { Select } from "@/ui/Select";
import { Note } from "@/ui/States";
import { useCopy } from "@/ui/useCopy";
import { type Role, useInvite, useTeamAct } from "./queries";

export function Invitations({ invitations }: { invitations: Schemas["InvitationView"][] }) {
  const { t } = useTranslation("team");
  return (
    <PageSection id="invitations" title={t("invite.title")} about={t("invite.about")}>
      <InviteForm />
      {invitations.length > 0 ? (
        <ul aria-label={t("invite.open")} className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {invitations.map((invitation) => (
            <OpenInvitation key={invitation.id} invitation={invitation} />
          ))}
        </ul>
      ) : null}
    </PageSection>
  );
}

function InviteForm() {
  const { t } = useTranslation("team");
  const { t: common } = useTranslation();
  const { team, session } = useSignedIn();
  const invite = useInvite();
  const [role, setRole] = useState<Role>("member");
  const [note, setNote] = useState("");
  const [email, setEmail] = useState("");
  const [made, setMade] = useState<{ link: string; sentTo: string } | null>(null);
  const { copied, copy } = useCopy();
  const [problem, setProblem] = useState<Problem | null>(null);
  const roles: Role[] = team.role === "owner" ? ["member", "admin", "owner"] : ["member", "admin"];
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    const sentTo = email.trim();
    try {
      const { path } = await invite.mutateAsync({ role, note: note.trim(), ...(sentTo ? { email: sentTo } : {}) });
      setMade({ link: new URL(path, location.origin).href, sentTo });
      setNote("");
      setEmail("");
      invite.reset();
    } catch (thrown) {
      setProblem(asProblem(thrown));
    }
  };
  const ofMail = problem?.field === "email";
  return (
    <>
      <form noValidate onSubmit={(event) => void submit(event)} className="grid items-start gap-4 sm:grid-cols-[12rem_1fr_auto]">
        <Field label={t("invite.role")}>
          <Select<Role> value={role} onChange={setRole} options={roles.map((value) => ({ value, label: common(`role.${value}`), hint: t(`role_about.${value}`) }))} />
        </Field>
        <div className="grid gap-4">
          <Field label={t("invite.note")} optional={common("optional")} error={problem && !ofMail ? problem.message : null}>
            <Input value={note} maxLength={120} placeholder={t("invite.note_example")} autoComplete="off" onChange={(event) => setNote(event.target.value)} />
          </Field>
          {session.can_mail ? (
            <Field label={t("invite.email")} optional={common("optional")} hint={t("invite.email_help")} error={ofMail ? problem.message : null}>
              <Input type="email" value={email} maxLength={254} autoComplete="off" onChange={(event) => setEmail(event.target.value)} />
            </Field>
          ) : null}
        </div>
        <Button type="submit" variant="primary" busy={invite.isPending} className="sm:mt-[1.6rem]">{t("invite.make")}</Button>
      </form>
      <div role="status" className="empty:hidden">
        {made ? (
          <Note tone="ok" actions={<><Button size="sm" onClick={() => copy(made.link)}>{copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}{copied ? t("invite.copied") : t("invite.copy")}</Button><Button size="sm" variant="quiet" onClick={() => setMade(null)}>{common("action.close")}</Button></>}>
            <p>{made.sentTo ? t("invite.sent", { email: made.sentTo }) : t("invite.once")}</p>
            <p className="pt-1 font-mono text-xs [overflow-wrap:anywhere] select-all">{made.link}</p>
          </Note>
        ) : null}
      </div>
    </>
  );
}

function OpenInvitation({ invitation }: { invitation: Schemas["InvitationView"] }) {
  const { t } = useTranslation("team");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const act = useTeamAct();
  const revoke = async () => {
    try {
      await act.mutateAsync({ kind: "revoke", invitationId: invitation.id });
      notify(t("invite.revoked"));
    } catch (error) {
      notify(asProblem(error).message, "danger");
    }
  };
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-2.5">
      <div className="min-w-0">
        <p><span className="font-semibold">{common(`role.${invitation.role}`)}</span>{invitation.note ? <span className="text-muted"> · {invitation.note}</span> : null}</p>
        <p className="text-sm text-muted">{t("invite.by", { name: invitation.invited_by, date: formats.date(invitation.created_at), until: formats.date(invitation.expires_at) })}</p>
      </div>
      <Button size="sm" variant="danger" busy={act.isPending} onClick={() => void revoke()}>{t("invite.revoke")}</Button>
    </li>
  );
}
