// What a search is narrowed to: a model, somebody it is shared with, days. Folded until it is wanted.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { modelsQuery, teamQuery } from "@/api/queries";
import { useFormats } from "@/i18n/format";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { Fold } from "@/ui/Fold";
import { inputClass } from "@/ui/inputClass";
import { DayField } from "./DayField";
import { type FilterKind, filterKinds, type Filters } from "./searchFilters";

export interface SearchFiltersProps {
  filters: Filters;
  onChange: (filters: Filters) => void;
}

interface Choice {
  value: string;
  name: string;
}

export function SearchFilters({ filters, onChange }: SearchFiltersProps) {
  const { t } = useTranslation("search");
  const choices = useChoices(filters);
  const set = (kind: FilterKind) => (value: string) => onChange({ ...filters, [kind]: value });
  const count = filterKinds.filter((kind) => filters[kind]).length;
  return (
    <Fold title={t("narrow")} needed={count > 0} {...(count > 0 ? { note: String(count) } : {})}>
      <div className="flex flex-col gap-2.5">
        {(["model", "with"] as const).map((kind) => (
          <Labelled key={kind} kind={kind}>
            <select value={filters[kind] ?? ""} onChange={(event) => set(kind)(event.target.value)} className={cx(inputClass, "text-sm")}>
              <option value="">{t(`any.${kind}`)}</option>
              {choices[kind].map(({ value, name }) => <option key={value} value={value}>{name}</option>)}
            </select>
          </Labelled>
        ))}
        {(["from", "to"] as const).map((kind) => (
          <Labelled key={kind} kind={kind}>
            <DayField value={filters[kind] ?? ""} onChange={set(kind)} />
          </Labelled>
        ))}
      </div>
    </Fold>
  );
}

function Labelled({ kind, children }: { kind: FilterKind; children: ReactNode }) {
  const { t } = useTranslation("search");
  // oxlint-disable-next-line jsx-a11y/label-has-associated-control -- the control is the child
  return <label className="flex flex-col gap-1 text-xs text-muted">{t(`by.${kind}`)}{children}</label>;
}

/** Nothing fits: which of the filters to take away. */
export function TakeAway({ filters, onChange }: SearchFiltersProps) {
  const { t } = useTranslation("search");
  const { date } = useFormats();
  const choices = useChoices(filters);
  const told = (kind: FilterKind, value: string): string =>
    kind === "model" || kind === "with" ? (choices[kind].find((one) => one.value === value)?.name ?? "") : date(`${value}T12:00`);
  return (
    <div className="flex flex-col items-start gap-2 px-3 py-3 text-sm text-muted">
      <p>{t("noneNarrow")}</p>
      {filterKinds.map((kind) => {
        const value = filters[kind];
        return value ? <Button key={kind} size="sm" onClick={() => onChange({ ...filters, [kind]: "" })} className="h-auto! text-left! whitespace-normal!">{t(`by.${kind}`)}: {told(kind, value)}</Button> : null;
      })}
    </div>
  );
}

/** What the address names and no list has any more is still named, or nobody could take it away. */
function useChoices(filters: Filters): Record<"model" | "with", Choice[]> {
  const { t } = useTranslation("search");
  const { data: picker } = useQuery(modelsQuery);
  const { data: team } = useQuery(teamQuery);
  const isRead = { model: picker !== undefined, with: team !== undefined };
  const known = {
    model: picker?.models.map((one) => ({ value: one.ref, name: one.connection_name ? `${one.name} (${one.connection_name})` : one.name })) ?? [],
    with: team?.members.filter((one) => !one.is_me).map((one) => ({ value: one.user_id, name: one.name })) ?? [],
  };
  const whole = (kind: "model" | "with"): Choice[] => {
    const value = filters[kind];
    return value && !known[kind].some((one) => one.value === value) ? [...known[kind], { value, name: t(isRead[kind] ? `gone.${kind}` : `unread.${kind}`) }] : known[kind];
  };
  return { model: whole("model"), with: whole("with") };
}
