// Owners and admins only. A member who follows a link learns what to do instead, and whom to ask.
import { useQuery } from "@tanstack/react-query";
import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { teamQuery } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { buttonClass } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { EmptyState } from "@/ui/States";

export function ManagersOnly({ title, children }: { title: string; children: ReactNode }) {
  return useSignedIn().canManage ? children : <Denied title={title} />;
}

function Denied({ title }: { title: string }) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const { data: team } = useQuery(teamQuery);
  const managers = team?.members.filter((member) => member.role !== "member") ?? [];
  return (
    <Page title={title}>
      <EmptyState icon={<Lock aria-hidden="true" />} title={t("denied.title")} actions={<Link to="/" className={buttonClass("primary")}>{t("denied.back")}</Link>}>
        <p>{t("denied.text")}</p>
        <ul className="flex flex-col gap-1 pt-3">
          {managers.map((member) => (
            <li key={member.user_id}>
              <span className="font-semibold text-ink">{member.name}</span> ({common(`role.${member.role}`)}), <a className="link" href={`mailto:${member.email}`}>{member.email}</a>
            </li>
          ))}
        </ul>
      </EmptyState>
    </Page>
  );
}
