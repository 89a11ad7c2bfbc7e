// The left column: the team, a new chat, the search, conversations as pinned, by day and archived, and the account.
import { useInfiniteQuery } from "@tanstack/react-query";
import { ChevronRight, Command, Plus, Search, Settings, Users, X } from "lucide-react";
import { lazy, type RefObject, Suspense, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink } from "react-router";
import { Button, buttonClass, IconButton } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { cx } from "@/ui/cx";
import { useSignedIn } from "@/api/session";
import { andTexts } from "@/i18n";
import { AttentionMark } from "@/ui/AttentionMark";
import { openOverlay, soughtTaken, useSought } from "@/ui/overlays";
import { isMac, useKeyChoices } from "@/ui/shortcuts";
import { AccountMenu } from "./AccountMenu";
import { type ConversationLine, conversationsQuery } from "./data";
import { byDay, type DayGroup } from "./days";
import { ListLine } from "./ListLine";
import { mostChars } from "./searchFilters";

const Archive = lazy(() => import("./Archive").then((module) => ({ default: module.Archive })));
const SearchResults = lazy(() => andTexts(import("./SearchResults"), "later").then((module) => ({ default: module.SearchResults })));

export function Sidebar() {
  const { t } = useTranslation(["common", "chat"]);
  const { team } = useSignedIn();
  const [query, setQuery] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const side = useRef<HTMLDivElement>(null);
  const toResults = () => side.current?.querySelector<HTMLElement>("a[data-result]")?.focus();
  const close = () => (setQuery(""), field.current?.focus());
  const sought = useSought();
  // Before a drawer looks where to put the keyboard. The column of a wide window is there in a narrow one too, unseen.
  useLayoutEffect(() => {
    if (sought === null || !field.current?.checkVisibility()) return;
    setQuery(sought);
    field.current.focus();
    soughtTaken();
  }, [sought]);
  return (
    <>
      <div className="flex flex-col gap-2 px-3 pt-4 pb-2">
        <p className="truncate px-1 text-base font-bold" title={team.name}>{team.name}</p>
        <Link to="/" className={cx(buttonClass("primary"), "mt-1 justify-start!")}><Plus aria-hidden="true" />{t("nav.newChat")}</Link>
        <SearchField field={field} query={query} onChange={setQuery} onDown={toResults} />
        {query.trim() === "" && <NavLink to="/shared" className={({ isActive }) => cx(buttonClass("quiet"), "justify-start! gap-2.5! px-3! font-normal!", isActive && "bg-surface text-ink!")}><Users aria-hidden="true" />{t("chat:shared.title")}</NavLink>}
      </div>
      <div ref={side} className="flex min-h-0 flex-1 flex-col">
        {query.trim() === "" ? <Conversations /> : (
          <Suspense fallback={<div className="px-3"><Skeleton label={t("loading")} lines={4} /></div>}><SearchResults query={query} onLeave={close} onPicked={() => setQuery("")} /></Suspense>
        )}
      </div>
      <div className="flex items-center gap-1 border-t border-line p-2">
        <NavLink to="/settings" className={cx(buttonClass("quiet"), "flex-1 justify-start! text-ink!")}><Settings aria-hidden="true" />{t("nav.settings")}<AttentionMark /></NavLink>
        <AccountMenu />
      </div>
    </>
  );
}

interface SearchFieldProps {
  field: RefObject<HTMLInputElement | null>;
  query: string;
  onChange: (query: string) => void;
  /** The down arrow leaves the field for what was found. */
  onDown: () => void;
}

function SearchField({ field, query, onChange, onDown }: SearchFieldProps) {
  const { t } = useTranslation();
  const hasKey = !useKeyChoices().off.has("palette");
  return (
    <label className="flex min-h-9 items-center gap-2.5 rounded-md border border-transparent px-3 text-sm text-muted focus-within:border-accent focus-within:bg-surface hover:bg-hover">
      <Search aria-hidden="true" className="size-4 shrink-0" />
      <input
        ref={field}
        type="search"
        value={query}
        maxLength={mostChars}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || (event.key !== "Escape" && event.key !== "ArrowDown")) return;
          event.preventDefault();
          if (event.key === "Escape") onChange("");
          else onDown();
        }}
        aria-label={t("nav.search")}
        placeholder={t("nav.search")}
        className="min-w-0 flex-1 bg-transparent text-ink outline-none max-lg:text-[16px] [&::-webkit-search-cancel-button]:hidden"
      />
      {query ? (
        <IconButton label={t("action.clear")} onClick={() => (onChange(""), field.current?.focus())} className="-mr-2"><X aria-hidden="true" /></IconButton>
      ) : (
        <button type="button" title={t("nav.palette")} onClick={() => openOverlay("palette")} className="-mr-2 flex min-h-7 items-center rounded-md px-2 hover:text-ink pointer-coarse:min-h-11">
          <span className="sr-only">{t("nav.palette")} </span>
          {hasKey ? <kbd className="font-mono text-xs max-lg:hidden">{isMac ? "⌘" : t("key.ctrl")} K</kbd> : null}
          <Command aria-hidden="true" className={cx("size-4", hasKey && "lg:hidden")} />
        </button>
      )}
    </label>
  );
}

function Conversations() {
  const { t } = useTranslation(["chat", "common"]);
  const { i18n } = useTranslation();
  const [archiveOpen, setArchiveOpen] = useState(false);
  const { data, isPending, error, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery(conversationsQuery);
  const pinned = data?.pages[0]?.pinned ?? [];
  const days = useMemo(() => byDay(data?.pages.flatMap((page) => page.conversations) ?? [], new Date()), [data]);
  const nameOf = (group: DayGroup): string =>
    group.kind === "month" ? new Intl.DateTimeFormat(i18n.language, { month: "long", year: "numeric" }).format(new Date(group.at)) : t(`day.${group.kind}`);
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
      {isPending ? <Skeleton label={t("common:loading")} lines={6} /> : null}
      {error && !data ? (
        <div role="alert" className="flex flex-col items-start gap-2 px-1 py-3 text-sm text-muted">
          <p>{t("list.error")}</p>
          <Button size="sm" onClick={() => void refetch()}>{t("common:action.tryAgain")}</Button>
        </div>
      ) : null}
      {data && days.length + pinned.length === 0 ? <p className="px-3 py-3 text-sm text-muted">{t("list.empty")}</p> : null}
      {pinned.length > 0 ? <Group name={t("list.pinned")} lines={pinned} /> : null}
      {days.map((day) => <Group key={nameOf(day.group)} name={nameOf(day.group)} lines={day.lines} />)}
      {hasNextPage ? (
        <Button variant="quiet" size="sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()} className="mt-2 w-full">{t("list.more")}</Button>
      ) : null}
      {data ? (
        <div className="mt-3">
          <Button variant="quiet" size="sm" aria-expanded={archiveOpen} onClick={() => setArchiveOpen(!archiveOpen)} className="w-full justify-start! px-3!">
            <ChevronRight aria-hidden="true" className={cx("transition-transform", archiveOpen && "rotate-90")} />
            {t("list.archive")}
          </Button>
          {archiveOpen ? <Suspense fallback={<Skeleton label={t("common:loading")} lines={2} />}><Archive /></Suspense> : null}
        </div>
      ) : null}
    </div>
  );
}

function Group({ name, lines }: { name: string; lines: readonly ConversationLine[] }) {
  return (
    <section className="pt-3">
      <h2 className="px-3 pb-1 text-xs font-semibold text-muted">{name}</h2>
      <ul>{lines.map((line) => <ListLine key={line.id} line={line} />)}</ul>
    </section>
  );
}
