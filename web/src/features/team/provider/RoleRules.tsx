// Which group gives which role, and what somebody in none of them is.
import { Plus, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Field, Input } from "@/ui/Field";
import { Select } from "@/ui/Select";
import type { ProviderInput, Role } from "./providerQueries";

type Rule = NonNullable<ProviderInput["roles"]>[number];

export interface RoleRulesProps {
  rules: Rule[];
  defaultRole: Role | null;
  mayMakeOwners: boolean;
  onChange: (change: { roles?: Rule[]; default_role?: Role | null; may_make_owners?: boolean }) => void;
}

export function RoleRules({ rules, defaultRole, mayMakeOwners, onChange }: RoleRulesProps) {
  const { t } = useTranslation("identity");
  const { t: common } = useTranslation();
  const roles: Role[] = mayMakeOwners ? ["member", "admin", "owner"] : ["member", "admin"];
  const change = (at: number, part: Partial<Rule>) => onChange({ roles: rules.map((rule, index) => (index === at ? { ...rule, ...part } : rule)) });
  const allow = (isAllowed: boolean) =>
    onChange({ may_make_owners: isAllowed, ...(isAllowed ? {} : { roles: rules.map((rule) => (rule.role === "owner" ? { ...rule, role: "admin" as const } : rule)) }) });
  return (
    <fieldset className="flex min-w-0 flex-col gap-3">
      <legend className="mb-1.5 text-sm font-semibold">{t("form.roles")}</legend>
      <p className="-mt-1.5 text-xs text-muted">{t("form.roles_about")}</p>
      {rules.map((rule, index) => (
        // Rows have no other name than their place; they are only added at the end.
        // eslint-disable-next-line react/no-array-index-key
        <div key={index} className="grid grid-cols-[1fr_auto] items-end gap-2 sm:grid-cols-[1fr_11rem_auto]">
          <Field label={t("form.group", { number: index + 1 })} className="max-sm:col-span-2">
            <Input mono value={rule.group} maxLength={200} autoComplete="off" spellCheck={false} onChange={(event) => change(index, { group: event.target.value })} />
          </Field>
          <Select<Role> label={t("form.role_of", { number: index + 1 })} value={rule.role} onChange={(role) => change(index, { role })} options={roles.map((value) => ({ value, label: common(`role.${value}`) }))} />
          <IconButton label={t("form.remove_rule", { number: index + 1 })} onClick={() => onChange({ roles: rules.filter((_, at) => at !== index) })}><X aria-hidden="true" /></IconButton>
        </div>
      ))}
      <Button size="sm" className="self-start" onClick={() => onChange({ roles: [...rules, { group: "", role: "member" }] })}><Plus aria-hidden="true" />{t("form.add_rule")}</Button>
      <Field label={t("form.default_role")} hint={rules.length > 0 ? t("form.default_about_rules") : t("form.default_about")} className="sm:max-w-xs">
        <Select<"none" | "member" | "admin">
          value={defaultRole === "admin" || defaultRole === "member" ? defaultRole : "none"}
          onChange={(value) => onChange({ default_role: value === "none" ? null : value })}
          options={[{ value: "none", label: t("form.no_entry") }, { value: "member", label: common("role.member") }, { value: "admin", label: common("role.admin") }]}
        />
      </Field>
      <Checkbox checked={mayMakeOwners} onChange={allow} label={t("form.owners")} />
    </fieldset>
  );
}
