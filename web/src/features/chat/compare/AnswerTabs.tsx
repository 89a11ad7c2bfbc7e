// The answers by name above the one that is shown: a tab each, by press or by arrow keys.
import { type KeyboardEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/ui/cx";

export const tabId = (messageId: string): string => `compare-tab-${messageId}`;
export const panelId = (messageId: string): string => `compare-panel-${messageId}`;

export interface AnswerTabsProps {
  answers: readonly { id: string; name: string }[];
  picked: number;
  onPick: (place: number) => void;
}

export function AnswerTabs({ answers, picked, onPick }: AnswerTabsProps) {
  const { t } = useTranslation("compare");
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const last = answers.length - 1;
    const to = { ArrowLeft: picked === 0 ? last : picked - 1, ArrowRight: picked === last ? 0 : picked + 1, Home: 0, End: last }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    onPick(to);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[to]?.focus();
  };
  return (
    <div ref={list} role="tablist" tabIndex={-1} aria-label={t("pick.label")} onKeyDown={onKeyDown} className="flex gap-1 pb-2 print:hidden">
      {answers.map(({ id, name }, place) => (
        <button
          key={id}
          id={tabId(id)}
          type="button"
          role="tab"
          aria-selected={place === picked}
          aria-controls={panelId(id)}
          tabIndex={place === picked ? 0 : -1}
          onClick={() => onPick(place)}
          className={cx("min-h-9 min-w-0 flex-1 truncate rounded-md border px-2 text-sm pointer-coarse:min-h-11", place === picked ? "border-transparent bg-accent font-semibold text-on-accent" : "border-line text-muted hover:bg-hover hover:text-ink")}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
