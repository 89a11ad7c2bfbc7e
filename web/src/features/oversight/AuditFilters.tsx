// What of the trail is shown: the act at hand, everything else folded until somebody needs it.
import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { teamQuery } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { Fold } from "@/ui/Fold";
import { Select } from "@/ui/Select";
import { useActionWords } from "./actionWords";
import { type AuditFilter, byGroup, countOf, OUTCOMES } from "./auditFilter";
import { today } from "./figures";

export interface AuditFiltersProps {
  filter: AuditFilter;
  actions: readonly string[];
  /** Names that the entries in sight give to people and objects. */
  names: ReadonlyMap<string, string>;
  onChange: (parts: AuditFilter) => void;
  onClear: () => void;
}

export function AuditFilters({ filter, actions, names, onChange, onClear }: AuditFiltersProps) {
  const { t } = useTranslation("oversight");
  const { actor, outcome, from_day: from, to_day: to, object_id: object, text = "" } = filter;
  const folded = [actor, outcome, from, to].filter(Boolean).length;
  return (
    <div role="search" aria-label={t("audit.filters")} className="flex flex-col gap-3">
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t("audit.filter")}><ActionSelect value={filter.action ?? ""} actions={actions} onChange={(action) => onChange({ action })} /></Field>
        <Field label={t("audit.text")}><TextInput key={text} value={text} onChange={(next) => onChange({ text: next })} /></Field>
      </div>
      <Fold title={t("audit.more_filters")} needed={folded > 0} {...(folded > 0 ? { note: t("audit.active", { count: folded }) } : {})}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label={t("audit.actor")}><ActorSelect value={actor ?? ""} names={names} onChange={(next) => onChange({ actor: next })} /></Field>
          <Field label={t("audit.outcome")}>
            <Select
              value={outcome ?? ""}
              options={[{ value: "", label: t("audit.any") }, ...OUTCOMES.map((value) => ({ value: value as string, label: t(`outcome.${value}`) }))]}
              onChange={(next) => onChange({ outcome: next })}
            />
          </Field>
          <Field label={t("audit.from")}><DayInput value={from ?? ""} max={to ?? today()} onChange={(day) => onChange({ from_day: day })} /></Field>
          <Field label={t("audit.to")}><DayInput value={to ?? ""} min={from ?? "2000-01-01"} max={today()} onChange={(day) => onChange({ to_day: day })} /></Field>
        </div>
      </Fold>
      {countOf(filter) > 0 ? (
        <div className="flex flex-wrap gap-2">
          {object ? (
            <Button size="sm" onClick={() => onChange({ object_id: "" })} aria-label={t("audit.not_only", { name: names.get(object) ?? object })}>
              <span className="max-w-64 truncate">{t("audit.only", { name: names.get(object) ?? object })}</span><X aria-hidden="true" />
            </Button>
          ) : null}
          <Button size="sm" variant="quiet" className={object ? "" : "-ml-2.5"} onClick={onClear}>{t("audit.show_all")}</Button>
        </div>
      ) : null}
    </div>
  );
}

function ActionSelect({ value, actions, onChange }: { value: string; actions: readonly string[]; onChange: (action: string) => void }) {
  const { t } = useTranslation("oversight");
  const word = useActionWords();
  const known = [...byGroup(actions)].flatMap(([group, acts]) => [
    ...(acts.length > 1 ? [{ value: group, label: t("audit.whole_group", { group: word(group) }) }] : []),
    ...acts.map((act) => ({ value: act, label: word(act) })),
  ]);
  const options = [{ value: "", label: t("audit.all") }, ...known];
  if (!options.some((option) => option.value === value)) options.push({ value, label: word(value) });
  return <Select value={value} options={options} onChange={onChange} />;
}

function ActorSelect({ value, names, onChange }: { value: string; names: ReadonlyMap<string, string>; onChange: (actor: string) => void }) {
  const { t } = useTranslation("oversight");
  const { data: team } = useQuery(teamQuery);
  const members = (team?.members ?? []).map((member) => ({ value: member.user_id, label: member.name }));
  const options = [{ value: "", label: t("audit.anybody") }, ...members, { value: "nobody", label: t("audit.nobody") }];
  if (!options.some((option) => option.value === value)) options.push({ value, label: names.get(value) ?? t("audit.former") });
  return <Select value={value} options={options} onChange={onChange} />;
}

/** Applies when somebody is done: on Enter, or when they leave the field. */
function TextInput({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const apply = (text: string) => (text.trim() === value ? undefined : onChange(text.trim()));
  return (
    <Input
      type="search"
      defaultValue={value}
      maxLength={200}
      autoComplete="off"
      onBlur={(event) => apply(event.currentTarget.value)}
      onKeyDown={(event) => (event.key === "Enter" ? apply(event.currentTarget.value) : undefined)}
    />
  );
}

function DayInput({ value, min = "2000-01-01", max, onChange }: { value: string; min?: string; max: string; onChange: (day: string) => void }) {
  return (
    <Input
      type="date"
      value={value}
      min={min}
      max={max}
      // While somebody types a year, the browser reports years such as 0002; those are not meant.
      onChange={(event) => (event.target.value === "" || event.target.value >= "2000-01-01" ? onChange(event.target.value) : undefined)}
    />
  );
}
