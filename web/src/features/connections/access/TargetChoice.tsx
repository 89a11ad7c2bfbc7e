// Chooses the model that an alias stands for, by search, from every origin.
import { useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { connectionsQuery } from "../queries";
import { OriginMark } from "@/ui/Badge";
import { FilterList } from "@/ui/FilterList";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { cx } from "@/ui/cx";
import { standardQuery } from "./queries";
import { byOrigin, type Target, targetsOf } from "./targets";

export interface TargetChoiceProps {
  value: string | null;
  error?: string | null;
  onChange: (target: Target) => void;
}

export function TargetChoice({ value, error, onChange }: TargetChoiceProps) {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const id = useId();
  const connections = useQuery(connectionsQuery);
  const standard = useQuery(standardQuery);
  const failed = connections.error ?? standard.error;
  if (!connections.data || !standard.data) {
    if (!failed) return <Skeleton lines={4} label={common("loading")} />;
    return <ErrorState error={failed} onRetry={() => void Promise.all([connections.refetch(), standard.refetch()])} />;
  }
  const targets = targetsOf(connections.data, standard.data);
  const groups = byOrigin(targets).map((group) => ({
    key: group.origin,
    label: <OriginMark origin={group.origin} />,
    items: group.targets.map((target) => ({
      key: target.ref,
      text: `${target.name} ${target.connection}`,
      selected: target.ref === value,
      node: <Line target={target} isSelected={target.ref === value} />,
    })),
  }));
  return (
    <div role="group" aria-labelledby={id} aria-describedby={error ? `${id}-error` : undefined} className="flex flex-col gap-1.5">
      <p id={id} className="text-sm font-semibold">{t("alias.target")}</p>
      <div className={cx("max-h-72 overflow-hidden rounded-md border bg-surface [&>div]:max-h-72", error ? "border-danger" : "border-edge")}>
        <FilterList
          groups={groups}
          onPick={(ref) => {
            const found = targets.find((target) => target.ref === ref);
            if (found) onChange(found);
          }}
          searchLabel={t("alias.target_search")}
          listLabel={t("alias.target")}
          empty={targets.length === 0 ? t("alias.no_models") : t("alias.no_hits")}
          showAll={(count) => `${count}`}
          counted={(count) => t("alias.found", { count })}
        />
      </div>
      {error ? <p id={`${id}-error`} className="text-sm text-danger">{error}</p> : null}
    </div>
  );
}

function Line({ target, isSelected }: { target: Target; isSelected: boolean }) {
  return (
    <div className="grid grid-cols-[1.125rem_minmax(0,1fr)] items-start gap-x-2">
      <span className="pt-0.5">{isSelected ? <Check aria-hidden="true" className="size-4" /> : null}</span>
      <span className="min-w-0 text-sm">
        <span className={cx("block wrap-anywhere", isSelected && "font-semibold")}>{target.name}</span>
        <span className="block text-xs text-muted wrap-anywhere">{target.connection}</span>
      </span>
    </div>
  );
}
