// What was found in one's own conversations, in place of the list: each hit is a link to the very message.
import { type KeyboardEvent, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useNavigate } from "react-router";
import { asProblem, type Schemas } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { announce } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { SearchFilters, TakeAway } from "./SearchFilters";
import { type Filters, readFilters, writeFilters } from "./searchFilters";
import { type FoundChat, useSearch } from "./searching";

type Piece = Schemas["TextPiece"];

export interface SearchResultsProps {
  query: string;
  /** Back to the field, with nothing in it. */
  onLeave: () => void;
  onPicked: () => void;
}

export function SearchResults({ query, onLeave, onPicked }: SearchResultsProps) {
  const { t } = useTranslation(["chat", "common", "search"]);
  const [filters, setFilters] = useFilters();
  const isNarrow = Object.keys(filters).length > 0;
  const { data, error, isPending, isPlaceholderData, refetch, wanted } = useSearch(query, filters);
  const count = data?.results.length;
  useEffect(() => {
    if (count !== undefined && !isPlaceholderData) announce(count === 0 ? t("search:none") : t("search:count", { count }));
    // Also where as many are found as before: the answer is to something else.
  }, [count, isPlaceholderData, wanted, filters, t]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrows move between the links in it
    <section aria-label={t("search:results")} aria-busy={isPending || isPlaceholderData} onKeyDown={(event) => moveBetweenLinks(event, onLeave)} className="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
      <SearchFilters filters={filters} onChange={setFilters} />
      {isPending ? <Skeleton label={t("common:loading")} lines={4} /> : null}
      {error && !isPlaceholderData ? (
        <div role="alert" className="flex flex-col items-start gap-2 px-1 py-3 text-sm text-muted">
          <p>{asProblem(error).message}</p>
          <Button size="sm" onClick={() => void refetch()}>{t("common:action.tryAgain")}</Button>
        </div>
      ) : null}
      {count === 0 && !error && isNarrow ? <TakeAway filters={filters} onChange={setFilters} /> : null}
      {count === 0 && !error && !isNarrow ? <p className="px-3 py-3 text-sm text-muted">{t("search:none")} {t("search:hint")}</p> : null}
      <ul>{data?.results.map((one) => <Found key={one.conversation_id} result={one} onPicked={onPicked} />)}</ul>
      {data?.more ? <p className="px-3 pt-3 text-xs text-muted">{t("search:more")}</p> : null}
    </section>
  );
}

function Found({ result, onPicked }: { result: FoundChat; onPicked: () => void }) {
  const { t } = useTranslation(["chat", "common", "search"]);
  const { date } = useFormats();
  const path = `/c/${result.conversation_id}`;
  return (
    <li className="pt-2">
      <Link to={path} data-result onClick={onPicked} className="block rounded-md px-3 py-1 text-sm hover:bg-hover">
        <span className="block truncate font-semibold"><Marked pieces={result.title.length > 0 ? result.title : [{ text: t("title.new"), marked: false }]} /></span>
        <span className="block text-xs text-muted">{date(result.updated_at)}{result.archived ? ` · ${t("list.archived")}` : ""}</span>
      </Link>
      <ul className="ml-3 border-l border-line">
        {result.hits.map((hit) => (
          <li key={hit.message_id}>
            <Link to={`${path}#m-${hit.message_id}`} data-result onClick={onPicked} className="line-clamp-3 rounded-md px-2 py-1 text-xs wrap-anywhere text-muted hover:bg-hover">
              <span className="sr-only">{hit.role === "user" ? t("search:question") : t("search:answer")}: </span>
              <Marked pieces={hit.snippet} />
            </Link>
          </li>
        ))}
      </ul>
      {result.more_hits > 0 ? <p className="px-3 pt-0.5 text-xs text-muted">{t("search:moreHits", { count: result.more_hits })}</p> : null}
    </li>
  );
}

export function Marked({ pieces }: { pieces: readonly Piece[] }) {
  // Pieces never move: their place is their identity.
  // oxlint-disable-next-line react/no-array-index-key
  return pieces.map((piece, index) => (piece.marked ? <mark key={index} className="rounded-sm bg-accent/20 font-semibold text-ink">{piece.text}</mark> : <span key={index}>{piece.text}</span>));
}

function useFilters(): [Filters, (filters: Filters) => void] {
  const navigate = useNavigate();
  const { search, hash } = useLocation();
  const filters = useMemo(() => readFilters(new URLSearchParams(search)), [search]);
  // In place: "Back" leads to the page before, not through what was tried. What the address was come to with is over:
  // a chat would take itself for one just begun, and its field the keyboard.
  const set = (next: Filters) => void navigate({ search: writeFilters(new URLSearchParams(search), next), hash }, { replace: true });
  return [filters, set];
}

function moveBetweenLinks(event: KeyboardEvent<HTMLElement>, onLeave: () => void): void {
  if (event.key === "Escape") {
    event.preventDefault();
    onLeave();
    return;
  }
  // In the fields above, arrows are the fields' own.
  if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || (event.target as HTMLElement).matches("select, input")) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a[data-result]")];
  const next = links[links.findIndex((link) => link === document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
  event.preventDefault();
  next?.focus();
}
