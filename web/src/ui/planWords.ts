// Words for plans and standings. One that nobody has heard of is shown as it is: it stands in the database like that.
import { useTranslation } from "react-i18next";

export const plans = ["free", "business_starter", "business_pro", "business_max", "enterprise"] as const;
export const standings = ["active", "trialing", "suspended", "expired", "cancelled"] as const;

export function usePlanWords(): { plan: (name: string) => string; standing: (name: string) => string } {
  const { t } = useTranslation("team");
  return {
    plan: (name) => {
      const known = plans.find((one) => one === name);
      return known ? t(`plan_name.${known}`) : name;
    },
    standing: (name) => {
      const known = standings.find((one) => one === name);
      return known ? t(`standing.${known}`) : name;
    },
  };
}
