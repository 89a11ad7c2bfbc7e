// Settings: a full page with its own list. What a role can't open isn't listed.
import { useTranslation } from "react-i18next";
import { Link, Outlet } from "react-router";
import { useSignedIn } from "@/api/session";
import { AttentionMark } from "@/ui/AttentionMark";
import { ListedPages } from "./ListedPages";
import { useSettingsPages } from "./settingsPages";

export { Operator } from "./OperatorShell";

export function Component() {
  const { t } = useTranslation();
  const { me, team } = useSignedIn();
  const groups = useSettingsPages().map(({ title, pages }) => ({ title, pages: pages.map(({ to, label, isMarked }) => ({ to, label, mark: isMarked ? <AttentionMark /> : null })) }));
  return (
    <ListedPages
      title={t("nav.settings")}
      about={team.name}
      groups={groups}
      foot={me.is_operator ? <Link to="/operator" className="mt-auto flex min-h-9 items-center gap-2 rounded-md border-t border-line px-3 pt-3 text-sm hover:text-accent pointer-coarse:min-h-11">{t("settings.operator")}</Link> : null}
    >
      <Outlet />
    </ListedPages>
  );
}
