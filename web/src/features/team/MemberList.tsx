// Who is in the team, with which role. Only owners touch owners; the server has the last word on all of it.
import { LogOut, UserMinus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { asProblem } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { Badge } from "@/ui/Badge";
import { IconButton } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { Select } from "@/ui/Select";
import { type MemberView, type Role, useTeamAct } from "./queries";

const roles: readonly Role[] = ["owner", "admin", "member"];

export function MemberList({ members }: { members: MemberView[] }) {
  const { t } = useTranslation("team");
  return (
    <ul aria-label={t("members.title")} className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
      {members.map((member) => (
        <MemberRow key={member.user_id} member={member} />
      ))}
    </ul>
  );
}

function MemberRow({ member }: { member: MemberView }) {
  const { t } = useTranslation("team");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const { team, canManage } = useSignedIn();
  const act = useTeamAct();
  const mayTouch = canManage && (member.role !== "owner" || team.role === "owner");
  const changeRole = async (role: Role) => {
    try {
      await act.mutateAsync({ kind: "role", userId: member.user_id, role });
      notify(t("members.role_changed", { name: member.name, role: common(`role.${role}`) }));
    } catch (error) {
      notify(asProblem(error).message, "danger");
    }
  };
  const offered = roles.filter((role) => role !== "owner" || team.role === "owner");
  return (
    <li className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-2 px-4 py-2.5 sm:grid-cols-[1fr_10rem_5.5rem]">
      <div className="min-w-0 max-sm:col-start-1 max-sm:row-start-1">
        <p className="flex flex-wrap items-center gap-2 font-semibold">{member.name}{member.is_me ? <Badge>{t("members.me")}</Badge> : null}{member.has_second_factor ? <Badge tone="ok">{t("members.second_factor")}</Badge> : null}</p>
        <p className="text-sm text-muted [overflow-wrap:anywhere]">{member.email}<span className="max-sm:hidden"> · {t("members.since", { date: formats.date(member.joined_at) })}</span></p>
      </div>
      <div className="max-sm:col-span-2 max-sm:row-start-2 max-sm:max-w-40">
        {mayTouch ? (
          <Select<Role>
            label={t("members.role_of", { name: member.name })}
            value={member.role}
            disabled={act.isPending}
            options={offered.map((role) => ({ value: role, label: common(`role.${role}`), hint: t(`role_about.${role}`) }))}
            onChange={(role) => void changeRole(role)}
          />
        ) : (
          <span className="text-sm text-muted">{common(`role.${member.role}`)}</span>
        )}
      </div>
      <div className="flex justify-end max-sm:col-start-2 max-sm:row-start-1">
        {team.role === "owner" && !member.is_me ? <SignOut member={member} /> : null}
        {mayTouch || member.is_me ? <Remove member={member} /> : null}
      </div>
    </li>
  );
}

function SignOut({ member }: { member: MemberView }) {
  const { t } = useTranslation("team");
  const act = useTeamAct();
  const [isOpen, setIsOpen] = useState(false);
  const signOut = () =>
    act.mutate(
      { kind: "sign_out", userId: member.user_id },
      {
        onSuccess: () => {
          setIsOpen(false);
          notify(t("members.signed_out", { name: member.name }));
        },
      },
    );
  return (
    <>
      <IconButton label={t("members.sign_out_name", { name: member.name })} onClick={() => setIsOpen(true)}><LogOut aria-hidden="true" /></IconButton>
      <ConfirmDialog
        open={isOpen}
        onClose={() => setIsOpen(false)}
        onConfirm={signOut}
        title={t("members.sign_out_title", { name: member.name })}
        description={<p className="text-sm">{t("members.sign_out_text")}</p>}
        confirm={t("members.sign_out")}
        busy={act.isPending}
        error={act.error ? asProblem(act.error).message : null}
      />
    </>
  );
}

function Remove({ member }: { member: MemberView }) {
  const { t } = useTranslation("team");
  const { team } = useSignedIn();
  const navigate = useNavigate();
  const act = useTeamAct();
  const [isOpen, setIsOpen] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const remove = async () => {
    setError(null);
    try {
      await act.mutateAsync({ kind: "remove", userId: member.user_id });
      setIsOpen(false);
      notify(t("members.removed", { name: member.name }));
      if (member.is_me) void navigate("/");
    } catch (thrown) {
      setError(asProblem(thrown).message);
    }
  };
  const verb = member.is_me ? t("members.leave") : t("members.remove");
  return (
    <>
      <IconButton label={member.is_me ? verb : t("members.remove_name", { name: member.name })} onClick={() => setIsOpen(true)}><UserMinus aria-hidden="true" /></IconButton>
      <ConfirmDialog
        open={isOpen}
        onClose={() => setIsOpen(false)}
        onConfirm={() => void remove()}
        title={member.is_me ? t("members.leave_title", { team: team.name }) : t("members.remove_title", { name: member.name })}
        description={<p className="text-sm">{member.is_me ? t("members.leave_text") : t("members.remove_text")}</p>}
        confirm={verb}
        busy={act.isPending}
        error={error}
      />
    </>
  );
}
