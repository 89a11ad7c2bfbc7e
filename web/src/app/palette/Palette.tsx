// Everything by keyboard: chats, actions, settings and models in one list behind one field.
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, type RefObject, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { conversationsQuery } from "@/features/chat/data";
import { openChat } from "@/features/chat/openChat";
import { useModelGroups } from "@/features/chat/PickerList";
import { useSearch } from "@/features/chat/searching";
import { useSealOf } from "@/features/chat/useSealOf";
import { mostChars } from "@/features/chat/searchFilters";
import { Button } from "@/ui/Button";
import { CommandClose, CommandDialog } from "@/ui/CommandDialog";
import { type FilterGroup, FilterList } from "@/ui/FilterList";
import { backTo } from "@/ui/overlays";
import { type Entry, useActions, useChatEntries, useGo, usePages, useSwitchModel } from "./entries";

const recentShown = 5;
const modelsShown = 8;

interface EntryGroup extends FilterGroup {
  items: readonly Entry[];
}

export interface PaletteProps {
  /** Gives what was typed before it was there, once. */
  takeBegun: () => string;
  onClosed: () => void;
}

export function Palette({ takeBegun, onClosed }: PaletteProps) {
  const { t } = useTranslation();
  const [isOpen, setIsOpen] = useState(true);
  const [scope, setScope] = useState<"all" | "models">("all");
  const field = useRef<HTMLInputElement>(null);
  const chosen = useRef<Entry | null>(null);
  const choose = (entry: Entry) => {
    chosen.current = entry;
    setIsOpen(false);
  };
  const closed = () => {
    onClosed();
    // First the page is given back to the keyboard, then something may be done in it.
    setTimeout(() => void chosen.current?.act());
  };
  const after = () => (chosen.current && !chosen.current.stays ? null : backTo());
  return (
    <CommandDialog open={isOpen} title={t("nav.palette")} field={field} onClose={() => setIsOpen(false)} onClosed={closed} after={after}>
      {scope === "models" ? (
        <Models field={field} onChoose={choose} onBack={() => setScope("all")} />
      ) : (
        <Everything field={field} takeBegun={takeBegun} onChoose={choose} onModels={() => setScope("models")} />
      )}
    </CommandDialog>
  );
}

interface PartProps {
  field: RefObject<HTMLInputElement | null>;
  onChoose: (entry: Entry) => void;
}

/** The models as the open chat may use them, or else a new one. */
function useModelEntries() {
  const go = useGo();
  const [here] = useState(openChat);
  const { me } = useSignedIn();
  const { open: fresh } = useSealOf(null, !me.must_add_factor);
  // Before the second factor that the team asks for, the server would only refuse.
  const { groups, error, data, refetch } = useModelGroups(here?.modelRef ?? null, here?.seal ?? fresh, !me.must_add_factor);
  const act = (ref: string) => {
    const chat = openChat();
    return chat ? chat.choose(ref) : go(`/?model=${encodeURIComponent(ref)}`);
  };
  const toEntries = (group: FilterGroup): EntryGroup => ({ ...group, items: group.items.map((item) => ({ ...item, act: () => act(item.key) })) });
  return { isHere: here !== null, groups: groups.map(toEntries), failure: error && !data ? error : null, refetch };
}

function Models({ field, onChoose, onBack }: PartProps & { onBack: () => void }) {
  const { t } = useTranslation("palette");
  const { isHere, groups, failure, refetch } = useModelEntries();
  const label = isHere ? t("modelField") : t("modelFieldNew");
  return <List key="models" field={field} label={label} groups={groups} onChoose={onChoose} onBack={onBack} isBusy={false} foot={failure ? <Failure error={failure} onRetry={() => void refetch()} /> : null} />;
}

function Everything({ field, takeBegun, onChoose, onModels }: PartProps & { takeBegun: () => string; onModels: () => void }) {
  const { t } = useTranslation("palette");
  const { me } = useSignedIn();
  // Read as late as can be: until now letters have gone into the field before this one.
  const [first] = useState(takeBegun);
  const [query, setQuery] = useState(first);
  const { groups: byOrigin, failure, refetch } = useModelEntries();
  // Among everything else the list begins at its top, not at the model that is chosen now.
  const models = byOrigin.flatMap((group) => group.items.map((item) => ({ ...item, selected: false })));
  const { actions, searchFor } = useActions(query.trim());
  const pages = usePages();
  const isLooking = query.trim() !== "" && !me.must_add_factor;
  const chats = useChats(query);
  const toModels = useSwitchModel(onModels);
  if (models.length > 0 && !me.must_add_factor) actions.splice(2, 0, toModels);
  const group = (key: string, label: string, items: readonly Entry[], more: Partial<FilterGroup> = {}): EntryGroup => ({ key, label: <span className="font-semibold text-muted">{label}</span>, ...more, items });
  const rest = [
    group("pages", t("group.pages"), pages),
    group("models", t("group.models"), me.must_add_factor ? [] : models, { atMost: modelsShown }),
  ];
  const act = group("actions", t("group.actions"), actions);
  // What is asked of the server arrives late, and stands below what was found at once: nothing moves under the choice.
  const groups = isLooking ? [act, ...rest, group("chats", t("group.chats"), [searchFor, ...chats.entries], { isFound: true })] : [act, group("recent", t("group.recent"), chats.entries), ...rest];
  const pick = (entry: Entry) => (entry === toModels ? onModels() : onChoose(entry));
  const foot = (
    <>
      {failure && !me.must_add_factor ? <Failure error={failure} onRetry={() => void refetch()} /> : null}
      {chats.foot}
    </>
  );
  return <List key="all" field={field} label={t("field")} groups={groups} begun={first} onQuery={setQuery} onChoose={pick} isBusy={chats.isBusy} foot={foot} />;
}

function useChats(query: string) {
  const { t } = useTranslation(["palette", "search", "chat"]);
  const { me } = useSignedIn();
  const isLooking = query.trim() !== "" && !me.must_add_factor;
  const { recent, found } = useChatEntries();
  const latest = useInfiniteQuery({ ...conversationsQuery, enabled: !me.must_add_factor });
  const search = useSearch(isLooking ? query : "");
  if (!isLooking) {
    const page = latest.data?.pages[0];
    const lines = page ? [...page.pinned, ...page.conversations].slice(0, recentShown) : [];
    return { entries: lines.map(recent), isBusy: false, foot: latest.error && !page ? <Failure error={latest.error} onRetry={() => void latest.refetch()} /> : null };
  }
  // While the next answer is on its way, what the one before has found stays, and opens nothing: it has other words.
  const results = search.data?.results ?? [];
  const said = search.isBehind ? t("searching") : results.length === 0 ? t("noChat") : search.data?.more ? t("search:more") : null;
  const failure = search.error && !search.isBehind ? <Failure error={search.error} onRetry={() => void search.refetch()} /> : null;
  return {
    entries: results.map((one) => ({ ...found(one), disabled: search.isBehind })),
    isBusy: search.isBehind,
    foot: failure ?? (said ? <p className="border-t border-line px-4 py-2 text-xs text-muted">{said}</p> : null),
  };
}

interface ListProps extends PartProps {
  label: string;
  groups: readonly EntryGroup[];
  begun?: string;
  onQuery?: (query: string) => void;
  onBack?: () => void;
  /** Something is still being looked for: nothing is counted aloud yet. */
  isBusy: boolean;
  foot: ReactNode;
}

function List({ field, label, groups, begun = "", onQuery, onBack, onChoose, isBusy, foot }: ListProps) {
  const { t } = useTranslation("palette");
  // At once: a letter typed before the dialog sees to it would be lost.
  useLayoutEffect(() => field.current?.focus(), [field]);
  const pick = (key: string) => {
    const entry = groups.flatMap((group) => group.items).find((item) => item.key === key);
    if (entry) onChoose(entry);
  };
  return (
    <FilterList
      groups={groups}
      onPick={pick}
      inputRef={field}
      begun={begun}
      maxLength={mostChars}
      {...(onQuery ? { onQuery } : {})}
      {...(onBack ? { onBack } : {})}
      searchLabel={label}
      listLabel={t("list")}
      empty={isBusy ? t("searching") : t("none")}
      showAll={(count) => t("showAll", { count })}
      counted={isBusy ? undefined : (count) => t("count", { count })}
      beside={<CommandClose />}
      foot={foot}
    />
  );
}

function Failure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div role="alert" className="flex flex-wrap items-center justify-between gap-2 border-t border-line px-4 py-2 text-sm">
      <p className="min-w-0 flex-1 basis-48 text-danger">{asProblem(error).message}</p>
      <Button size="sm" onClick={onRetry}>{t("action.tryAgain")}</Button>
    </div>
  );
}
