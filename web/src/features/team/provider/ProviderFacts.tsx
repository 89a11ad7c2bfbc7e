// A provider as it stands. The secret is never shown: only that there is one.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import type { Provider } from "./providerQueries";

export function ProviderFacts({ provider }: { provider: Provider }) {
  const { t } = useTranslation("identity");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const role = (name: "owner" | "admin" | "member") => common(`role.${name}`);
  const rules = provider.roles.map((rule) => t("fact.rule", { group: rule.group, role: role(rule.role) }));
  const facts: [string, string][] = [
    [t("form.name"), provider.name],
    [t("form.issuer"), provider.issuer],
    [t("form.client_id"), provider.client_id],
    [t("form.secret"), provider.needs_secret ? t("fact.lost") : provider.has_secret ? t("fact.stored") : t("fact.public")],
    [t("form.groups_claim"), provider.groups_claim || t("fact.none")],
    [t("form.roles"), rules.length > 0 ? rules.join(" · ") : t("fact.none")],
    [t("form.default_role"), provider.default_role ? role(provider.default_role) : t("form.no_entry")],
    [t("fact.tested"), provider.tested_at ? formats.dateTime(provider.tested_at) : t("fact.untested")],
  ];
  return (
    <dl className="grid max-w-2xl gap-x-6 gap-y-2 text-sm sm:grid-cols-[12rem_1fr]">
      {facts.map(([name, text]) => (
        <div key={name} className="contents">
          <dt className="text-muted max-sm:-mb-2">{name}</dt>
          <dd className="min-w-0 [overflow-wrap:anywhere]">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
