// Settings: a full page with its own list. What a role can't open isn't listed.
import { ArrowLeft } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, NavLink, Outlet } from "react-router";
import { useSignedIn } from "@/api/session";
import { cx } from "@/ui/cx";
import { SideColumn } from "@/ui/SideColumn";

export function Component() {
  const { t } = useTranslation();
  const { canManage, team } = useSignedIn();
  const groups = [
    { title: t("settings.you"), items: [["/settings/profile", t("settings.profile")], ["/settings/appearance", t("settings.appearance")]] },
    { title: t("settings.team"), items: [["/settings/team/members", t("settings.members")], ["/settings/team/plan", t("settings.plan")]] },
    ...(canManage ? [{ title: t("settings.models"), items: [["/settings/models/custom", t("settings.customModels")]] }] : []),
    { title: t("settings.oversight"), items: [["/settings/oversight/usage", t("settings.usage")], ...(canManage ? [["/settings/oversight/audit", t("settings.audit")]] : [])] },
  ];
  return (
    <SideColumn
      label={t("nav.settings")}
      heading={t("nav.settings")}
      side={
        <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto p-4">
          <div>
            <Link to="/" className="flex min-h-9 items-center gap-2 rounded-md px-2 text-sm text-muted hover:text-ink">
              <ArrowLeft aria-hidden="true" className="size-4" />
              {t("nav.backToChats")}
            </Link>
            <p className="px-2 pt-2 text-base font-bold">{t("nav.settings")}</p>
            <p className="truncate px-2 text-xs text-muted">{team.name}</p>
          </div>
          {groups.map((group) => (
            <section key={group.title}>
              <h2 className="px-3 pb-1 text-xs font-semibold text-muted">{group.title}</h2>
              <ul>
                {group.items.map(([to, label]) => (
                  <li key={to}>
                    <NavLink
                      to={to ?? ""}
                      className={({ isActive }) => cx("flex min-h-8 items-center rounded-md px-3 text-sm pointer-coarse:min-h-11", isActive ? "bg-surface font-semibold" : "hover:bg-hover")}
                    >
                      {label}
                    </NavLink>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      }
    >
      <Outlet />
    </SideColumn>
  );
}
