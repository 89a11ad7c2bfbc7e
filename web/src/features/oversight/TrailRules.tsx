// How long entries are kept, and what is recorded of where people come from. Owners decide; admins see it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, asProblem, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { useFormats } from "@/i18n/format";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { Note } from "@/ui/States";

type Rules = Schemas["AuditRules"];
type Clients = Rules["clients"];

const DAYS = [90, 180, 365, 730, 1095, 1825, 3650];
const CLIENTS: readonly Clients[] = ["coarse", "none", "full"];
const UNLIMITED = "";

export function TrailRules({ rules }: { rules: Rules }) {
  const { t } = useTranslation("oversight");
  return (
    <section id="rules" aria-labelledby="rules-title" className="flex scroll-mt-16 flex-col gap-4 border-t border-line pt-6">
      <header className="max-w-2xl">
        <h2 id="rules-title" className="text-lg">{t("rules.title")}</h2>
        <p className="text-sm text-muted">{t("rules.about")}</p>
      </header>
      {/* Saved rules begin the form anew. */}
      {rules.may_change ? <RulesForm key={`${rules.keep_days} ${rules.clients}`} rules={rules} /> : <RulesTold rules={rules} />}
      {rules.pruned_through > 0 ? <PrunedNote through={rules.pruned_through} /> : null}
    </section>
  );
}

function useDaysWord(): (days: string) => string {
  const { t } = useTranslation("oversight");
  const formats = useFormats();
  return (days) => (days === UNLIMITED ? t("rules.unlimited") : t("rules.days", { count: Number(days), formatted: formats.number(Number(days)) }));
}

function RulesForm({ rules }: { rules: Rules }) {
  const { t } = useTranslation("oversight");
  const word = useDaysWord();
  const client = useQueryClient();
  const stored = String(rules.keep_days ?? UNLIMITED);
  const [days, setDays] = useState(stored);
  const [clients, setClients] = useState(rules.clients);
  const saving = useMutation({
    mutationFn: () => api.patch<Rules>("/api/audit/rules", { keep_days: days === UNLIMITED ? null : Number(days), clients }),
    onSuccess: async (saved) => {
      client.setQueryData(keys.auditRules, saved);
      await client.invalidateQueries({ queryKey: ["audit"] });
    },
  });
  const offered = [...new Set([...DAYS.filter((one) => one >= rules.least_days && one <= rules.most_days), ...(rules.keep_days ? [rules.keep_days] : [])])].toSorted((a, b) => a - b);
  const deletes = days !== UNLIMITED && (stored === UNLIMITED || Number(days) < Number(stored));
  const isChanged = days !== stored || clients !== rules.clients;
  return (
    <form className="flex max-w-2xl flex-col gap-4" onSubmit={(event) => { event.preventDefault(); if (isChanged && !saving.isPending) saving.mutate(); }}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t("rules.keep")} hint={t("rules.keep_hint", { count: rules.least_days })}>
          <Select value={days} options={[UNLIMITED, ...offered.map(String)].map((value) => ({ value, label: word(value) }))} onChange={setDays} />
        </Field>
        <Field label={t("rules.clients")} hint={t(`rules.clients_hint.${clients}`)}>
          <Select<Clients> value={clients} options={CLIENTS.map((value) => ({ value, label: t(`rules.clients.${value}`) }))} onChange={setClients} />
        </Field>
      </div>
      {deletes ? <Note tone="warn">{t("rules.deletes", { days: word(days) })}</Note> : null}
      {saving.error ? <Note tone="danger">{asProblem(saving.error).message}</Note> : null}
      <div><Button type="submit" busy={saving.isPending} aria-disabled={!isChanged} variant={deletes ? "danger" : isChanged ? "primary" : "secondary"}>{t("rules.save")}</Button></div>
    </form>
  );
}

function RulesTold({ rules }: { rules: Rules }) {
  const { t } = useTranslation("oversight");
  const word = useDaysWord();
  const told: [string, string][] = [
    [t("rules.keep"), word(String(rules.keep_days ?? UNLIMITED))],
    [t("rules.clients"), t(`rules.clients.${rules.clients}`)],
  ];
  return (
    <>
      <dl className="grid max-w-2xl gap-4 text-sm sm:grid-cols-2">
        {told.map(([name, value]) => <div key={name}><dt className="text-muted">{name}</dt><dd>{value}</dd></div>)}
      </dl>
      <p className="text-sm text-muted">{t("rules.owners_only")}</p>
    </>
  );
}

function PrunedNote({ through }: { through: number }) {
  const { t } = useTranslation("oversight");
  const formats = useFormats();
  return <p className="text-sm text-muted">{t("rules.pruned", { count: through, formatted: formats.number(through) })}</p>;
}
