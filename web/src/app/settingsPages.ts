// The pages of the settings in their groups, as far as whoever looks may open them. Their list and the palette read this.
import { useTranslation } from "react-i18next";
import { useMatters } from "@/api/attention";
import { useSignedIn } from "@/api/session";

export interface SettingsPage {
  to: string;
  label: string;
  /** Says beside its name how many things there need a look. */
  isMarked: boolean;
}

export interface SettingsGroup {
  title: string;
  pages: readonly SettingsPage[];
}

/** `isListed`: whether whoever looks may open it. */
const page = (to: string, label: string, isListed = true, isMarked = false): SettingsPage[] => (isListed ? [{ to: `/settings/${to}`, label, isMarked }] : []);

export function useSettingsPages(): readonly SettingsGroup[] {
  const { t } = useTranslation();
  const { canManage } = useSignedIn();
  // Members come to no connection's page; who looks after one still learns what is wrong with it.
  const looksAfter = useMatters().length > 0 && !canManage;
  const groups: SettingsGroup[] = [
    {
      title: t("settings.you"),
      pages: [...page("profile", t("settings.profile")), ...page("security", t("settings.security")), ...page("appearance", t("settings.appearance")), ...page("shortcuts", t("settings.shortcuts"))],
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
        ...page("models/custom", t("settings.customModels"), canManage, true),
        ...page("models/standard", t("settings.standardModels"), canManage),
        ...page("models/aliases", t("settings.aliases"), canManage),
        ...page("models/mine", t("settings.lookAfter"), looksAfter, true),
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
  return groups.filter((group) => group.pages.length > 0);
}
