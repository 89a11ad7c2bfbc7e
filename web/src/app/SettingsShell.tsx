// Settings: a full page with its own list. What a role can't open isn't listed.
import { useTranslation } from "react-i18next";
import { Link, Outlet } from "react-router";
import { useMatters } from "@/api/attention";
import { useSignedIn } from "@/api/session";
import { AttentionMark } from "@/ui/AttentionMark";
import { ListedPages, type PageLink } from "./ListedPages";

export { Operator } from "./OperatorShell";

/** `isListed`: whether whoever looks may open it. */
const page = (to: string, label: string, isListed = true, mark?: PageLink["mark"]): PageLink[] => (isListed ? [{ to: `/settings/${to}`, label, mark }] : []);

export function Component() {
  const { t } = useTranslation();
  const { t: teamWords } = useTranslation("team");
  const { canManage, me, team } = useSignedIn();
  // Members come to no connection's page; who looks after one still learns what is wrong with it.
  const looksAfter = useMatters().length > 0 && !canManage;
  const groups = [
    {
      title: t("settings.you"),
      pages: [...page("profile", t("settings.profile")), ...page("security", t("settings.security")), ...page("appearance", t("settings.appearance"))],
    },
    {
      title: t("settings.team"),
      pages: [
        ...page("team/members", t("settings.members")),
        ...page("team/plan", t("settings.plan")),
        ...page("team/conversations", t("settings.conversations"), canManage),
        ...page("team/sign-in", t("settings.signInRules"), canManage),
      ],
    },
    {
      title: t("settings.models"),
      pages: [
        ...page("models/custom", t("settings.customModels"), canManage, <AttentionMark />),
        ...page("models/standard", t("settings.standardModels"), canManage),
        ...page("models/aliases", t("settings.aliases"), canManage),
        ...page("models/mine", t("settings.lookAfter"), looksAfter, <AttentionMark />),
      ],
    },
    {
      title: t("settings.oversight"),
      pages: [
        ...page("oversight/usage", t("settings.usage")),
        ...page("oversight/comparisons", t("settings.tally")),
        ...page("oversight/privacy", t("settings.privacy")),
        ...page("oversight/audit", t("settings.audit"), canManage),
      ],
    },
  ];
  return (
    <ListedPages
      title={t("nav.settings")}
      about={team.name}
      groups={groups.filter((group) => group.pages.length > 0)}
      foot={me.is_operator ? <Link to="/operator" className="mt-auto flex min-h-9 items-center gap-2 rounded-md border-t border-line px-3 pt-3 text-sm hover:text-accent pointer-coarse:min-h-11">{teamWords("operators_desk")}</Link> : null}
    >
      <Outlet />
    </ListedPages>
  );
}
