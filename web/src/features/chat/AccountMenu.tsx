// Who is signed in: what is done by keyboard, other teams, and the way out.
import { CircleUser, Command, Keyboard, LogOut, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/Button";
import { Menu } from "@/ui/Menu";
import { openOverlay } from "@/ui/overlays";
import { useAccount } from "./useAccount";

export function AccountMenu() {
  const { t } = useTranslation();
  const { name, otherTeams, switchTo, signOut } = useAccount();
  return (
    <Menu
      trigger={<IconButton label={t("account.menu", { name })}><CircleUser aria-hidden="true" /></IconButton>}
      entries={[
        { label: t("nav.palette"), icon: <Command aria-hidden="true" />, onSelect: () => openOverlay("palette") },
        { label: t("nav.keys"), icon: <Keyboard aria-hidden="true" />, onSelect: () => openOverlay("sheet") },
        null,
        ...otherTeams.map((other) => ({ label: t("team.switch", { name: other.name }), icon: <Users aria-hidden="true" />, onSelect: () => switchTo(other.id) })),
        { label: t("account.signOut"), icon: <LogOut aria-hidden="true" />, onSelect: signOut },
      ]}
    />
  );
}
