// The left column: the team, a new chat, conversations by day with a search in their titles, and the account.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Ellipsis, Plus, Search, Settings, X } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink } from "react-router";
import { Button, buttonClass, IconButton } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { cx } from "@/ui/cx";
import { useSignedIn } from "@/api/session";
import { AccountMenu } from "./AccountMenu";
import { ConversationMenu } from "./ConversationMenu";
import { type ConversationLine, conversationsQuery } from "./data";
import { byDay, type DayGroup } from "./days";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function Sidebar() {
  const { t } = useTranslation();
  const { team } = useSignedIn();
  const [query, setQuery] = useState("");
  return (
    <>
      <div className="flex flex-col gap-2 px-3 pt-4 pb-2">
        <p className="truncate px-1 text-base font-bold" title={team.name}>{team.name}</p>
        <Link to="/" className={cx(buttonClass("primary"), "mt-1 justify-start!")}><Plus aria-hidden="true" />{t("nav.newChat")}</Link>
        <SearchField query={query} onChange={setQuery} />
      </div>
      <Conversations query={query} />
      <div className="flex items-center gap-1 border-t border-line p-2">
        <NavLink to="/settings" className={cx(buttonClass("quiet"), "flex-1 justify-start! text-ink!")}><Settings aria-hidden="true" />{t("nav.settings")}</NavLink>
        <AccountMenu />
      </div>
    </>
  );
}

function SearchField({ query, onChange }: { query: string; onChange: (query: string) => void }) {
  const { t } = useTranslation();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      // On a Mac, Ctrl+K is "delete to the end of the line".
      const isModified = isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
      if (event.key.toLowerCase() !== "k" || !isModified || event.altKey || event.shiftKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <label className="flex min-h-9 items-center gap-2.5 rounded-md border border-transparent px-3 text-sm text-muted focus-within:border-edge focus-within:bg-surface hover:bg-hover">
      <Search aria-hidden="true" className="size-4 shrink-0" />
      <input
        ref={field}
        value={query}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && (event.preventDefault(), onChange(""))}
        aria-label={t("nav.search")}
        placeholder={t("nav.search")}
        className="min-w-0 flex-1 bg-transparent text-ink outline-none max-lg:text-[16px]"
      />
      {query ? (
        <IconButton label={t("action.clear")} onClick={() => (onChange(""), field.current?.focus())} className="-mr-2"><X aria-hidden="true" /></IconButton>
      ) : (
        <kbd aria-hidden="true" className="font-mono text-xs max-lg:hidden">{isMac ? "⌘ K" : "Ctrl K"}</kbd>
      )}
    </label>
  );
}

function Conversations({ query }: { query: string }) {
  const { t } = useTranslation(["chat", "common"]);
  const { i18n } = useTranslation();
  const wanted = useDeferredValue(query.trim().toLowerCase());
  const { data, isPending, error, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery(conversationsQuery);
  useEffect(() => {
    // A search looks at every title, so the rest of the list is fetched first.
    if (wanted && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [wanted, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const days = useMemo(() => {
    const lines = data?.pages.flatMap((page) => page.conversations) ?? [];
    return byDay(wanted ? lines.filter((line) => line.title.toLowerCase().includes(wanted)) : lines, new Date());
  }, [data, wanted]);
  const nameOf = (group: DayGroup): string =>
    group.kind === "month" ? new Intl.DateTimeFormat(i18n.language, { month: "long", year: "numeric" }).format(new Date(group.at)) : t(`day.${group.kind}`);
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
      {isPending ? <Skeleton label={t("common:loading")} lines={6} /> : null}
      {error && !data ? (
        <div className="flex flex-col items-start gap-2 px-1 py-3 text-sm text-muted">
          <p>{t("list.error")}</p>
          <Button size="sm" onClick={() => void refetch()}>{t("common:action.tryAgain")}</Button>
        </div>
      ) : null}
      {data && days.length === 0 ? <p className="px-3 py-3 text-sm text-muted">{wanted ? t("list.noMatch") : t("list.empty")}</p> : null}
      {days.map((day) => (
        <section key={nameOf(day.group)} className="pt-3">
          <h2 className="px-3 pb-1 text-xs font-semibold text-muted">{nameOf(day.group)}</h2>
          <ul>{day.lines.map((line) => <Line key={line.id} line={line} />)}</ul>
        </section>
      ))}
      {hasNextPage && !wanted ? (
        <Button variant="quiet" size="sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()} className="mt-2 w-full">{t("list.more")}</Button>
      ) : null}
    </div>
  );
}

function Line({ line }: { line: ConversationLine }) {
  const { t } = useTranslation(["chat", "common"]);
  const title = line.title || t("title.new");
  return (
    <li className="group/line relative">
      <NavLink
        to={`/c/${line.id}`}
        title={title}
        className={({ isActive }) => cx("flex min-h-8 items-center gap-2 rounded-md py-1 pr-3 pl-3 text-sm group-focus-within/line:pr-9 group-hover/line:pr-9 pointer-coarse:min-h-11 pointer-coarse:pr-11", isActive ? "bg-surface font-semibold" : "hover:bg-hover")}
      >
        <span className="truncate">{title}</span>
        {line.running ? <span role="img" aria-label={t("list.running")} className="size-2 shrink-0 rounded-full bg-accent" /> : null}
      </NavLink>
      <span className="absolute inset-y-0 right-0 flex items-center opacity-0 group-focus-within/line:opacity-100 group-hover/line:opacity-100 has-data-popup-open:opacity-100 pointer-coarse:opacity-100">
        <ConversationMenu id={line.id} title={title} trigger={<IconButton label={t("conversation.menu", { title })}><Ellipsis aria-hidden="true" /></IconButton>} />
      </span>
    </li>
  );
}
