// The picker: every model a person can write with, by origin, from stored state only. Unavailable ones say why.
import { Check } from "lucide-react";
import { type ReactElement, type ReactNode, useRef, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { modelsQuery, type OriginName, type PickerModel } from "@/api/queries";
import { contextSize } from "./contextSize";
import { OriginMark } from "@/ui/Badge";
import { FilterList } from "@/ui/FilterList";
import { Popover } from "@/ui/Popover";
import { ErrorState, Note } from "@/ui/States";
import { cx } from "@/ui/cx";

const originOrder: readonly OriginName[] = ["own_hardware", "own_contract", "router", "included", "scripted"];

export interface ModelPickerProps {
  value: string | null;
  onPick: (ref: string) => void;
  trigger: ReactElement;
}

export function ModelPicker({ value, onPick, trigger }: ModelPickerProps) {
  const { t } = useTranslation(["chat", "common"]);
  const [open, setOpen] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  return (
    <Popover title={t("picker.title")} trigger={trigger} open={open} onOpenChange={setOpen} side="top" initialFocus={search} className="w-[30rem] overflow-hidden">
      <PickerList value={value} search={search} onPick={(ref) => (setOpen(false), onPick(ref))} />
    </Popover>
  );
}

function PickerList({ value, onPick, search }: { value: string | null; onPick: (ref: string) => void; search: React.RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation(["chat", "common"]);
  const { data, error, refetch } = useQuery(modelsQuery);
  if (error && !data) return <div className="px-4"><ErrorState error={error} onRetry={() => void refetch()} /></div>;
  const models = data?.models ?? [];
  const groups = originOrder.map((origin) => ({
    key: origin,
    label: <OriginMark origin={origin} />,
    items: models.filter((m) => m.origin === origin).map((m) => ({
      key: m.ref,
      text: `${m.name} ${m.model_id} ${m.connection_name} ${t(`common:origin.${origin}`)}`,
      selected: m.ref === value,
      disabled: !m.available,
      node: <PickerLine model={m} isSelected={m.ref === value} saidAbove={data?.refusal?.code} />,
    })),
  }));
  return (
    <div className="flex max-h-[min(26rem,calc(100dvh-8rem))] flex-col">
      {data?.refusal ? <div className="p-2"><Note tone="warn">{data.refusal.message}</Note></div> : null}
      <FilterList
        groups={groups}
        onPick={onPick}
        inputRef={search}
        searchLabel={t("picker.search")}
        listLabel={t("picker.title")}
        empty={models.length === 0 ? t("picker.none") : t("picker.noMatch")}
        showAll={(count) => t("picker.showAll", { count })}
      />
    </div>
  );
}

/** `saidAbove`: the refusal that stands over the whole list; it isn't said again in every line. */
function PickerLine({ model, isSelected, saidAbove }: { model: PickerModel; isSelected: boolean; saidAbove: string | undefined }) {
  const { t } = useTranslation(["chat", "common"]);
  const inputs = model.inputs.map((input) => t(`input.${input}` as "input.text", { defaultValue: input }));
  const facts: ReactNode[] = [
    model.connection_name,
    model.context_length ? t("picker.context", { size: contextSize(model.context_length) }) : null,
    inputs.join(", "),
    model.data_location || null,
    t(`billed.${model.billed_by}`),
  ].filter(Boolean);
  const reason = !model.available && model.problem && model.problem.code !== saidAbove ? model.problem.message : null;
  const isWell = model.health === "healthy";
  return (
    <div className="grid grid-cols-[1.125rem_minmax(0,1fr)_auto] items-center gap-x-2">
      <span className="self-start pt-0.5">{isSelected ? <Check aria-hidden="true" className="size-4" /> : null}</span>
      <span className="min-w-0">
        <span className={cx("block truncate text-sm", isSelected && "font-semibold", !model.available && "text-muted")}>{model.name}</span>
        <span className="block text-xs text-muted">{reason ? `${model.connection_name} · ${reason}` : facts.join(" · ")}</span>
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

function HealthDot({ health }: { health: PickerModel["health"] }) {
  const looks = { healthy: "bg-ok border-ok", slow: "bg-warn border-warn", refused: "border-danger", unreachable: "border-danger", unproven: "border-edge" };
  return <span aria-hidden="true" className={cx("size-2 rounded-full border-2", looks[health])} />;
}
