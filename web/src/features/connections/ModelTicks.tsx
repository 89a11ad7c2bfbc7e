// Which models appear in the picker: search, tick, rename, add by id. Used by the wizard and by a connection's page.
import { Pencil, Search } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Badge } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Input } from "@/ui/Field";
import { inputClass } from "@/ui/inputClass";
import { cx } from "@/ui/cx";
import { useModelFacts } from "./useModelFacts";
import { countTicked, search, type Choice } from "./choices";
import { isUnmet } from "./hosts";

/** Longer lists start cut: OpenRouter offers hundreds, and nobody reads them in order. */
const SHOWN_AT_FIRST = 60;
const SEARCH_FROM = 7;

export interface ModelTicksProps {
  choices: Choice[];
  onTick: (modelId: string, enabled: boolean) => void;
  onTickAll: (shown: Choice[], enabled: boolean) => void;
  onRename: (modelId: string, name: string) => void;
  onAdd: (modelId: string) => void;
}

export function ModelTicks({ choices, onTick, onTickAll, onRename, onAdd }: ModelTicksProps) {
  const { t } = useTranslation("connections");
  const [text, setText] = useState("");
  const [showsAll, setShowsAll] = useState(false);
  const hits = search(choices, text);
  const shown = showsAll ? hits : hits.slice(0, SHOWN_AT_FIRST);
  const isFiltered = text.trim() !== "";
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        {choices.length >= SEARCH_FROM ? (
          <div className="relative min-w-48 flex-1">
            <Search aria-hidden="true" className="pointer-events-none absolute inset-y-0 left-3 my-auto size-4 text-muted" />
            <input type="search" aria-label={t("models.search")} placeholder={t("models.search")} value={text} onChange={(event) => setText(event.target.value)} className={cx(inputClass, "pl-9")} />
          </div>
        ) : null}
        <p role="status" className="text-sm text-muted tnum">{t("models.count", { count: countTicked(choices), total: choices.length })}</p>
        {choices.length > 1 ? (
          <div className="flex flex-wrap gap-2">
            <Button size="sm" onClick={() => onTickAll(hits, true)}>{isFiltered ? t("models.all_shown") : t("models.all")}</Button>
            <Button size="sm" onClick={() => onTickAll(hits, false)}>{isFiltered ? t("models.none_shown") : t("models.none")}</Button>
          </div>
        ) : null}
      </div>
      <div className="overflow-hidden rounded-lg border border-line bg-surface">
        {shown.length === 0 ? <p className="px-4 py-5 text-sm text-muted">{isFiltered ? t("models.no_hits", { text }) : t("models.nothing")}</p> : null}
        <ul aria-label={t("models.label")} className="divide-y divide-line">
          {shown.map((choice) => (
            <ModelRow key={choice.modelId} choice={choice} onTick={onTick} onRename={onRename} />
          ))}
        </ul>
        {hits.length > shown.length ? (
          <div className="border-t border-line px-3 py-2">
            <Button variant="quiet" size="sm" onClick={() => setShowsAll(true)}>{t("models.show_all", { count: hits.length })}</Button>
          </div>
        ) : null}
      </div>
      <AddModel onAdd={onAdd} />
    </div>
  );
}

function ModelRow({ choice, onTick, onRename }: { choice: Choice } & Pick<ModelTicksProps, "onTick" | "onRename">) {
  const { t } = useTranslation("connections");
  const [isRenaming, setIsRenaming] = useState(false);
  const shownName = choice.name || choice.foundName;
  const facts = [...useModelFacts(choice), ...(choice.typed ? [t("models.typed")] : [])];
  return (
    <li className="flex items-start gap-2 px-4 py-1.5">
      <div className="min-w-0 flex-1">
        <Checkbox
          checked={choice.enabled}
          onChange={(enabled) => onTick(choice.modelId, enabled)}
          label={
            <span className="flex min-w-0 flex-col">
              <span className="font-semibold [overflow-wrap:anywhere]">{shownName}</span>
              <span className="text-xs text-muted">
                {shownName === choice.modelId ? null : <span className="mr-2 font-mono [overflow-wrap:anywhere]">{choice.modelId}</span>}
                {facts.join(" · ")}
              </span>
            </span>
          }
        />
        {isUnmet(choice.facts, choice.policy) ? <p className="pb-1.5 pl-7 text-xs text-warn">{t("hosts.unmet")}</p> : null}
        {choice.vanished ? <div className="pb-1.5 pl-7"><Badge tone="warn">{t("models.vanished")}</Badge></div> : null}
        {isRenaming ? (
          <label className="flex flex-wrap items-center gap-2 pb-2 pl-7 text-sm">
            <span className="text-muted">{t("models.shown_as")}</span>
            <input
              autoFocus
              aria-label={t("models.shown_as_for", { id: choice.modelId })}
              value={choice.name}
              maxLength={120}
              placeholder={choice.foundName}
              onChange={(event) => onRename(choice.modelId, event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" || event.key === "Escape") setIsRenaming(false);
              }}
              className={cx(inputClass, "max-w-72 flex-1")}
            />
          </label>
        ) : null}
      </div>
      <IconButton label={t("models.rename", { name: shownName })} aria-expanded={isRenaming} onClick={() => setIsRenaming(!isRenaming)}>
        <Pencil aria-hidden="true" />
      </IconButton>
    </li>
  );
}

function AddModel({ onAdd }: Pick<ModelTicksProps, "onAdd">) {
  const { t } = useTranslation("connections");
  const id = useId();
  const [typed, setTyped] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAdd(typed);
    setTyped("");
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-semibold">{t("models.add")}</label>
      <div className="flex gap-2">
        <Input id={id} mono value={typed} maxLength={256} spellCheck={false} autoCapitalize="none" autoComplete="off" onChange={(event) => setTyped(event.target.value)} className="max-w-96" />
        <Button type="submit" aria-disabled={typed.trim() === ""}>{t("models.add_button")}</Button>
      </div>
      <p className="text-xs text-muted">{t("test.model_id_help")}</p>
    </form>
  );
}
