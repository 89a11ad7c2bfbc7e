// Who keeps the endpoint alive: one member of the team, or nobody yet.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { teamQuery } from "@/api/queries";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";

export function MaintainerField({ value, onChange }: { value: string; onChange: (userId: string) => void }) {
  const { t } = useTranslation("connections");
  const { data: team } = useQuery(teamQuery);
  const options = [
    { value: "", label: t("wizard.nobody") },
    ...(team?.members ?? []).map((member) => ({ value: member.user_id, label: member.name, hint: member.email })),
  ];
  return (
    <Field label={t("wizard.maintainer")} hint={t("wizard.maintainer_help")}>
      <Select value={options.some((option) => option.value === value) ? value : ""} onChange={onChange} options={options} />
    </Field>
  );
}
