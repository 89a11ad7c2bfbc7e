// A rule in a few words: "everyone", "owners and admins only", "Mia and Ben only".
import { useTranslation } from "react-i18next";
import type { Audience } from "./audience";

const SHOWN_NAMES = 3;

export function useAudienceWords(): (audience: Audience) => string {
  const { t, i18n } = useTranslation("access");
  const { t: common } = useTranslation();
  const list = (words: readonly string[]) => new Intl.ListFormat(i18n.language, { type: "conjunction" }).format(words);
  return (audience) => {
    if (audience.kind === "everyone" || audience.kind === "nobody") return t(`told.${audience.kind}`);
    if (audience.kind === "roles") return t("told.roles", { roles: list(audience.roles.map((role) => common(`role.${role}`))) });
    const names = audience.people.map((person) => person.name);
    if (names.length === 0) return t("told.gone");
    if (names.length > SHOWN_NAMES) return t("told.people_and_more", { names: names.slice(0, SHOWN_NAMES).join(", "), count: names.length - SHOWN_NAMES });
    return t("told.people", { names: list(names) });
  };
}
