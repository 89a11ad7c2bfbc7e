// Light, dark, or as the system. Kept in this browser, not in the account: another screen may want another look.
import { Monitor, Moon, Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Page } from "@/ui/Page";
import { Radios } from "@/ui/Radios";
import { chooseTheme, type ThemeChoice, useTheme } from "@/ui/themeChoice";

const icons = { system: Monitor, light: Sun, dark: Moon } as const;
const choices: readonly ThemeChoice[] = ["system", "light", "dark"];

export function Component() {
  const { t } = useTranslation("team");
  const theme = useTheme();
  return (
    <Page title={t("appearance.title")}>
      <div className="max-w-md">
        <Radios<ThemeChoice>
          legend={t("appearance.theme")}
          hint={t("appearance.help")}
          value={theme}
          onChange={chooseTheme}
          options={choices.map((choice) => {
            const Icon = icons[choice];
            return { value: choice, label: t(`appearance.${choice}`), icon: <Icon aria-hidden="true" className="size-4 text-muted" /> };
          })}
        />
      </div>
    </Page>
  );
}
