// What the picker lists, favourites first, then by origin, from stored state only. Unavailable ones say why.
import { Check, Star } from "lucide-react";
import { type MouseEvent, type ReactNode, type RefObject, useEffect } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { AliasGroupLabel, AliasTarget } from "./AliasMarks";
import { modelsQuery, type OriginName, type PickerModel } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { contextSize } from "./contextSize";
import { useStar } from "./useStar";
import { type Seal, useOpenSeal, useWithinSeal } from "./seal";
import { Trouble } from "./Trouble";
import { OriginMark } from "@/ui/Badge";
import { announce } from "@/ui/Announcer";
import { type FilterGroup, FilterList } from "@/ui/FilterList";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { cx } from "@/ui/cx";

const originOrder: readonly OriginName[] = ["own_hardware", "own_contract", "router", "included", "scripted"];

export interface PickerListProps {
  value: string | null;
  onPick: (ref: string) => void;
  search: RefObject<HTMLInputElement | null>;
}

/** Every model as a line of a list, by origin; unavailable ones say why. */
export function useModelGroups(value: string | null, seal: Seal, enabled = true) {
  const { t } = useTranslation(["chat", "common"]);
  const { data, error, refetch } = useQuery({ ...modelsQuery, enabled });
  const { t: words } = useTranslation("picker");
  const models = useWithinSeal(data?.models, seal);
  const star = useStar();
  const starred = data?.starred ?? [];
  const toggle = (ref: string) => {
    const model = models.find((m) => m.ref === ref);
    if (!model) return;
    const isStarred = starred.includes(ref);
    star(ref, !isStarred);
    announce(words(isStarred ? "unstarred" : "starred", { name: model.name }));
  };
  const itemOf = (m: PickerModel) => ({
    key: m.ref,
    text: `${m.name} ${m.alias?.name ?? ""} ${m.model_id} ${m.connection_name} ${t(`common:origin.${m.origin}`)}`,
    selected: m.ref === value,
    disabled: !m.available,
    node: <PickerLine model={m} isSelected={m.ref === value} saidAbove={data?.refusal?.code} isStarred={starred.includes(m.ref)} onStar={() => toggle(m.ref)} />,
  });
  const others = models.filter((m) => !starred.includes(m.ref));
  const groups: FilterGroup[] = [
    // In the order of starring, and once: what stands here says its origin itself.
    { key: "favourites", label: <FavouritesLabel />, items: starred.flatMap((ref) => models.filter((m) => m.ref === ref)).map(itemOf) },
    { key: "alias", label: <AliasGroupLabel />, items: others.filter((m) => m.alias).map(itemOf) },
    ...originOrder.map((origin) => ({
      key: origin,
      label: <OriginMark origin={origin} />,
      items: others.filter((m) => m.origin === origin && !m.alias).map(itemOf),
    })),
  ];
  return { data, error, refetch, groups, count: models.length, starred, toggle };
}

export function PickerList({ value, onPick, search }: PickerListProps) {
  const { t } = useTranslation(["chat", "common"]);
  const { t: words } = useTranslation("picker");
  // The panel gives it the keyboard when it opens; where the list comes later, there was nothing to give it to.
  useEffect(() => search.current?.focus(), [search]);
  const { canManage } = useSignedIn();
  const { data, error, refetch, groups, count, starred, toggle } = useModelGroups(value, useOpenSeal());
  const chosen = data?.models.find((model) => model.ref === value);
  if (error && !data) return <div className="px-4"><ErrorState error={error} onRetry={() => void refetch()} /></div>;
  // Nothing known yet is not nothing there.
  if (!data) return <div className="p-4"><Skeleton label={t("common:loading")} lines={3} /></div>;
  return (
    <div className="flex max-h-[min(26rem,calc(100dvh-8rem))] flex-col">
      {data?.refusal ? <div className="p-2"><Note tone="warn">{data.refusal.message}</Note></div> : null}
      <FilterList
        groups={groups}
        onPick={onPick}
        inputRef={search}
        searchLabel={words("search")}
        listLabel={t("picker.title")}
        empty={count > 0 ? words("noMatch") : `${words("none")} ${words(canManage ? "noneManage" : "noneAsk")}`}
        showAll={(all) => words("showAll", { count: all })}
        counted={(found) => words("count", { count: found })}
        onAct={toggle}
        hint={words("keys")}
        foot={chosen ? <StarChosen name={chosen.name} isStarred={starred.includes(chosen.ref)} onStar={() => toggle(chosen.ref)} /> : null}
      />
    </div>
  );
}

function FavouritesLabel() {
  const { t } = useTranslation("picker");
  return <span className="inline-flex items-center gap-1.5 font-semibold text-muted [&_svg]:size-3.5"><Star aria-hidden="true" className="fill-current" />{t("favourites")}</span>;
}

interface PickerLineProps {
  model: PickerModel;
  isSelected: boolean;
  /** The refusal that stands over the whole list; it isn't said again in every line. */
  saidAbove: string | undefined;
  isStarred: boolean;
  onStar: () => void;
}

function PickerLine({ model, isSelected, saidAbove, isStarred, onStar }: PickerLineProps) {
  const { t } = useTranslation(["common", "seals"]);
  const { t: words } = useTranslation("picker");
  const inputs = model.inputs.map((input) => words(`input.${input}` as "input.text", { defaultValue: input }));
  const facts: ReactNode[] = [
    model.alias ? <AliasTarget key="alias" model={model} /> : null,
    isStarred ? <OriginMark key="origin" origin={model.origin} quiet className="align-bottom" /> : null,
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
    <div className="grid grid-cols-[1.125rem_minmax(0,1fr)_auto_auto] items-center gap-x-2">
      <span className="self-start pt-0.5">{isSelected ? <Check aria-hidden="true" className="size-4" /> : null}</span>
      <span className="min-w-0">
        <span className={cx("block truncate text-sm", isSelected && "font-semibold", !model.available && "text-muted")}>{model.name}</span>
        <span className="block text-xs text-muted">{reason ? `${model.connection_name} · ${reason}` : dotted(facts)}</span>
        {model.available ? <Trouble model={model} /> : null}
      </span>
      {model.available ? (
        <span className="flex items-center gap-1.5 text-xs text-muted">
          {/* On small screens the cause below takes their room. */}
          <span className={isWell || model.health === "unproven" ? "sr-only" : cx(model.health_cause && "max-sm:sr-only")}>{t(`common:health.${model.health}`)}</span>
          <HealthDot health={model.health} />
        </span>
      ) : <span />}
      <StarMark isStarred={isStarred} onStar={onStar} />
    </div>
  );
}

/** For the pointer; the keyboard stays in the search field and has Shift+Enter. An option can hold no button. */
function StarMark({ isStarred, onStar }: { isStarred: boolean; onStar: () => void }) {
  const { t } = useTranslation("picker");
  const onClick = (event: MouseEvent) => (event.stopPropagation(), onStar());
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- see above
    <span data-star aria-hidden="true" title={t(isStarred ? "unstar" : "star")} onClick={onClick} className="grid size-7 cursor-pointer place-content-center rounded-md text-muted hover:bg-sunken hover:text-ink pointer-coarse:size-11">
      <Star className={cx("size-4", isStarred && "fill-current text-accent")} />
    </span>
  );
}

/** A screen reader on a touch screen reaches no star of the list, and has no Shift+Enter. */
function StarChosen({ name, isStarred, onStar }: { name: string; isStarred: boolean; onStar: () => void }) {
  const { t } = useTranslation("picker");
  return (
    <button type="button" aria-pressed={isStarred} onClick={onStar} className="hidden min-h-11 items-center gap-2 border-t border-line px-3.5 text-left text-sm wrap-anywhere pointer-coarse:flex">
      <Star aria-hidden="true" className={cx("size-4 shrink-0", isStarred ? "fill-current text-accent" : "text-muted")} />
      {t("favourite", { name })}
    </button>
  );
}

function dotted(facts: readonly ReactNode[]): ReactNode[] {
  return facts.flatMap((fact, at) => (at === 0 ? [fact] : [" · ", fact]));
}

function HealthDot({ health }: { health: PickerModel["health"] }) {
  const looks = { healthy: "bg-ok border-ok", slow: "bg-warn border-warn", refused: "border-danger", unreachable: "border-danger", unproven: "border-edge", needs_key: "border-danger" };
  return <span aria-hidden="true" className={cx("size-2 rounded-full border-2", looks[health])} />;
}
