// What the picker lists, by origin, from stored state only. Unavailable ones say why.
import { Check } from "lucide-react";
import { type ReactNode, type RefObject, useEffect } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { AliasGroupLabel, AliasTarget } from "./AliasMarks";
import { modelsQuery, type OriginName, type PickerModel } from "@/api/queries";
import { contextSize } from "./contextSize";
import { type Seal, useOpenSeal, useWithinSeal } from "./seal";
import { Trouble } from "./Trouble";
import { OriginMark } from "@/ui/Badge";
import { type FilterGroup, FilterList } from "@/ui/FilterList";
import { ErrorState, Note } from "@/ui/States";
import { cx } from "@/ui/cx";

const originOrder: readonly OriginName[] = ["own_hardware", "own_contract", "router", "included", "scripted"];

export interface PickerListProps {
  value: string | null;
  onPick: (ref: string) => void;
  search: RefObject<HTMLInputElement | null>;
}

/** Every model as a line of a list, by origin; unavailable ones say why. */
export function useModelGroups(value: string | null, seal: Seal) {
  const { t } = useTranslation(["chat", "common"]);
  const { data, error, refetch } = useQuery(modelsQuery);
  const models = useWithinSeal(data?.models, seal);
  const itemOf = (m: PickerModel) => ({
    key: m.ref,
    text: `${m.name} ${m.alias?.name ?? ""} ${m.model_id} ${m.connection_name} ${t(`common:origin.${m.origin}`)}`,
    selected: m.ref === value,
    disabled: !m.available,
    node: <PickerLine model={m} isSelected={m.ref === value} saidAbove={data?.refusal?.code} />,
  });
  const groups: FilterGroup[] = [
    { key: "alias", label: <AliasGroupLabel />, items: models.filter((m) => m.alias).map(itemOf) },
    ...originOrder.map((origin) => ({
      key: origin,
      label: <OriginMark origin={origin} />,
      items: models.filter((m) => m.origin === origin && !m.alias).map(itemOf),
    })),
  ];
  return { data, error, refetch, groups, count: models.length };
}

export function PickerList({ value, onPick, search }: PickerListProps) {
  const { t } = useTranslation("chat");
  const { t: words } = useTranslation("picker");
  // The panel gives it the keyboard when it opens; where the list comes later, there was nothing to give it to.
  useEffect(() => search.current?.focus(), [search]);
  const { data, error, refetch, groups, count } = useModelGroups(value, useOpenSeal());
  if (error && !data) return <div className="px-4"><ErrorState error={error} onRetry={() => void refetch()} /></div>;
  return (
    <div className="flex max-h-[min(26rem,calc(100dvh-8rem))] flex-col">
      {data?.refusal ? <div className="p-2"><Note tone="warn">{data.refusal.message}</Note></div> : null}
      <FilterList
        groups={groups}
        onPick={onPick}
        inputRef={search}
        searchLabel={words("search")}
        listLabel={t("picker.title")}
        empty={count === 0 ? words("none") : words("noMatch")}
        showAll={(all) => words("showAll", { count: all })}
        counted={(found) => words("count", { count: found })}
      />
    </div>
  );
}

/** `saidAbove`: the refusal that stands over the whole list; it isn't said again in every line. */
function PickerLine({ model, isSelected, saidAbove }: { model: PickerModel; isSelected: boolean; saidAbove: string | undefined }) {
  const { t } = useTranslation(["common", "seals"]);
  const { t: words } = useTranslation("picker");
  const inputs = model.inputs.map((input) => words(`input.${input}` as "input.text", { defaultValue: input }));
  const facts: ReactNode[] = [
    model.alias ? <AliasTarget key="alias" model={model} /> : null,
    model.connection_name,
    // What the operator offers has one origin and may run in any zone.
    model.origin === "included" ? t(`seals:zone.${model.zone}`) : null,
    model.context_length ? words("context", { size: contextSize(model.context_length) }) : null,
    inputs.join(", "),
    model.data_location || null,
    model.data_policy ? words(`policy.${model.data_policy}`) : null,
    words(`billed.${model.billed_by}`),
  ].filter(Boolean);
  const reason = !model.available && model.problem && model.problem.code !== saidAbove ? model.problem.message : null;
  const isWell = model.health === "healthy";
  return (
    <div className="grid grid-cols-[1.125rem_minmax(0,1fr)_auto] items-center gap-x-2">
      <span className="self-start pt-0.5">{isSelected ? <Check aria-hidden="true" className="size-4" /> : null}</span>
      <span className="min-w-0">
        <span className={cx("block truncate text-sm", isSelected && "font-semibold", !model.available && "text-muted")}>{model.name}</span>
        <span className="block text-xs text-muted">{reason ? `${model.connection_name} · ${reason}` : dotted(facts)}</span>
        {model.available ? <Trouble model={model} /> : null}
      </span>
      {model.available ? (
        <span className="flex items-center gap-1.5 text-xs text-muted">
          <span className={isWell || model.health === "unproven" ? "sr-only" : undefined}>{t(`common:health.${model.health}`)}</span>
          <HealthDot health={model.health} />
        </span>
      ) : null}
    </div>
  );
}

function dotted(facts: readonly ReactNode[]): ReactNode[] {
  return facts.flatMap((fact, at) => (at === 0 ? [fact] : [" · ", fact]));
}

function HealthDot({ health }: { health: PickerModel["health"] }) {
  const looks = { healthy: "bg-ok border-ok", slow: "bg-warn border-warn", refused: "border-danger", unreachable: "border-danger", unproven: "border-edge", needs_key: "border-danger" };
  return <span aria-hidden="true" className={cx("size-2 rounded-full border-2", looks[health])} />;
}
