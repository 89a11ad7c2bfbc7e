// A searchable list of choices in groups, keyboard first. The search field keeps the focus; arrows move the choice.
import { Search } from "lucide-react";
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useId, useMemo, useRef, useState } from "react";
import { cx } from "./cx";

export interface FilterItem {
  key: string;
  /** What the search looks at. */
  text: string;
  node: ReactNode;
  selected?: boolean;
  /** Stays listed and reachable, so that its reason can be read; can't be picked. */
  disabled?: boolean;
  /** What can't be undone is never chosen by itself: only by an arrow or the pointer. */
  onlyByHand?: boolean;
}

export interface FilterGroup {
  key: string;
  label: ReactNode;
  items: readonly FilterItem[];
  /** Somebody else has looked already: all of it is shown, whatever stands in the field. */
  isFound?: boolean;
  /** Shows no more of it than this. */
  atMost?: number;
}

export interface FilterListProps {
  groups: readonly FilterGroup[];
  onPick: (key: string) => void;
  searchLabel: string;
  listLabel: string;
  empty: ReactNode;
  /** Text of the button below a list that was cut, e.g. "Show all 457". */
  showAll: (count: number) => string;
  /** Said after the typing has paused, for whoever doesn't see the list; undefined: nothing yet. */
  counted: ((count: number) => string) | undefined;
  inputRef?: RefObject<HTMLInputElement | null>;
  /** What stands in the field at first. */
  begun?: string;
  maxLength?: number;
  onQuery?: (query: string) => void;
  /** Backspace in an empty field. */
  onBack?: () => void;
  /** Stands beside the field. */
  beside?: ReactNode;
  /** Stands below the list. */
  foot?: ReactNode;
  /** What Shift+Enter does with the choice; `hint` says so below the list. */
  onAct?: (key: string) => void;
  hint?: string;
}

/** So many are shown at first, and as many more each time that the keyboard comes to the last. */
const shownAtOnce = 60;
const saidAfterMs = 600;

function filterGroups(groups: readonly FilterGroup[], query: string): FilterGroup[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (item: FilterItem): boolean => words.every((word) => item.text.toLowerCase().includes(word));
  return groups.map((g) => ({ ...g, items: (g.isFound ? g.items : g.items.filter(fits)).slice(0, g.atMost) })).filter((g) => g.items.length > 0);
}

function cutGroups(groups: readonly FilterGroup[], limit: number): FilterGroup[] {
  let left = limit;
  const kept: FilterGroup[] = [];
  for (const group of groups) {
    if (left <= 0) break;
    kept.push({ ...group, items: group.items.slice(0, left) });
    left -= group.items.length;
  }
  return kept;
}

/** What Enter takes before anybody has moved. Where all is out of use the first is, so that its reason is read. */
function firstChoice(items: readonly FilterItem[]): FilterItem | undefined {
  const offered = items.filter((item) => !item.onlyByHand);
  return offered.find((item) => !item.disabled) ?? offered[0];
}

export function FilterList({ groups, onPick, searchLabel, listLabel, empty, showAll, counted, inputRef, begun = "", maxLength, onQuery, onBack, beside, foot, onAct, hint }: FilterListProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState(begun);
  const [limit, setLimit] = useState(shownAtOnce);
  const [active, setActive] = useState<string | null>(() => groups.flatMap((g) => g.items).find((i) => i.selected)?.key ?? null);
  const found = useMemo(() => filterGroups(groups, query), [groups, query]);
  const count = found.reduce((n, g) => n + g.items.length, 0);
  const shown = cutGroups(found, limit);
  const items = shown.flatMap((g) => g.items);
  const activeItem = items.find((item) => item.key === active) ?? firstChoice(items);
  const activeKey = activeItem?.key;
  const places = new Map(items.map((item, at) => [item.key, at + 1]));
  const said = useSaid(query === "" || !counted ? "" : counted(count));

  useEffect(() => {
    if (activeKey) list.current?.querySelector(`[data-key="${CSS.escape(activeKey)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [activeKey]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const at = items.findIndex((item) => item.key === activeKey);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = Math.min(Math.max(to, 0), count - 1);
      if (next >= items.length) setLimit(limit + shownAtOnce);
      setActive(found.flatMap((g) => g.items)[next]?.key ?? null);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (event.shiftKey && onAct) {
        // The choice stays where the hand is, also when it moves to another group.
        if (!activeItem) return;
        setActive(activeItem.key);
        onAct(activeItem.key);
      } else if (activeItem && !activeItem.disabled) onPick(activeItem.key);
    } else if (event.key === "Backspace" && query === "" && onBack) {
      event.preventDefault();
      onBack();
    }
  };

  return (
    <div className="flex min-h-0 flex-col">
      <div className="flex items-center gap-2.5 border-b border-line px-3.5 focus-within:border-accent">
        <Search aria-hidden="true" className="size-4 shrink-0 text-muted" />
        <input
          ref={inputRef}
          role="combobox"
          aria-label={searchLabel}
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={activeKey ? `${id}-${activeKey}` : undefined}
          aria-describedby={hint ? `${id}-hint` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={searchLabel}
          value={query}
          maxLength={maxLength}
          onChange={(event) => (setQuery(event.target.value), setActive(null), setLimit(shownAtOnce), onQuery?.(event.target.value))}
          onKeyDown={onKeyDown}
          className="min-h-11 w-full min-w-0 bg-transparent text-sm outline-none max-sm:text-[16px]"
        />
        {beside}
      </div>
      <p role="status" className="sr-only">{said}</p>
      <div ref={list} id={`${id}-list`} role="listbox" aria-label={listLabel} className="min-h-0 overflow-y-auto overscroll-contain pb-2">
        {shown.map((group) => (
          <div key={group.key} role="group" aria-labelledby={`${id}-g-${group.key}`}>
            <div id={`${id}-g-${group.key}`} className="sticky top-0 bg-raised px-3.5 pt-3 pb-1.5 text-xs">{group.label}</div>
            {group.items.map((item) => (
              // The search field has the keyboard (aria-activedescendant); the option itself only needs the pointer.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                key={item.key}
                id={`${id}-${item.key}`}
                data-key={item.key}
                role="option"
                tabIndex={-1}
                aria-selected={item.selected ?? false}
                aria-disabled={item.disabled || undefined}
                aria-setsize={items.length < count ? count : undefined}
                aria-posinset={items.length < count ? places.get(item.key) : undefined}
                onMouseDown={(event) => event.preventDefault()}
                onMouseMove={() => activeKey !== item.key && setActive(item.key)}
                onClick={() => !item.disabled && onPick(item.key)}
                className={cx("mx-1.5 rounded-md px-2 py-1.5 pointer-coarse:py-2.5", item.disabled ? "cursor-not-allowed" : "cursor-pointer", item.key === activeKey && "picked")}
              >
                {item.node}
              </div>
            ))}
          </div>
        ))}
      </div>
      {count === 0 ? <div className="px-4 py-5 text-sm text-muted">{empty}</div> : null}
      {foot}
      {items.length < count ? (
        <button type="button" onClick={() => setLimit(count)} className="min-h-10 border-t border-line text-sm font-semibold text-accent hover:bg-hover">
          {showAll(count)}
        </button>
      ) : null}
      {hint ? <p id={`${id}-hint`} className="border-t border-line px-3.5 py-1.5 text-xs text-muted pointer-coarse:hidden">{hint}</p> : null}
    </div>
  );
}

/** A sentence, once it has stood for a moment: not one for every letter. */
function useSaid(sentence: string): string {
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSaid(sentence), sentence === "" ? 0 : saidAfterMs);
    return () => clearTimeout(timer);
  }, [sentence]);
  return said;
}
