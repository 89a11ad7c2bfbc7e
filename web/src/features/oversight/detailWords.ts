// Words for the details of an entry. A detail of a newer server keeps its own name.
import { useTranslation } from "react-i18next";

const known = ["models", "passed", "stage", "code", "role", "before", "left", "plan", "standing", "number", "address_entered"] as const;

export function useDetailWords() {
  const { t } = useTranslation("oversight");
  const nameOf = (name: string): string => {
    const found = known.find((other) => other === name);
    return found ? t(`detail.${found}`) : name;
  };
  const valueOf = (value: string | number | boolean | null): string => {
    if (value === null || value === "") return "–";
    if (typeof value === "boolean") return value ? t("detail.yes") : t("detail.no");
    return String(value);
  };
  return { nameOf, valueOf };
}
