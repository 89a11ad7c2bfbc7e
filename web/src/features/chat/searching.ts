// The search of one's own conversations, asked once the typing has paused.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { type Filters, narrowing } from "./searchFilters";

export type FoundChat = Schemas["ResultView"];

const pauseMs = 250;

/** What was typed, once the typing has paused. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}

const everything: Filters = {};

export function useSearch(text: string, filters: Filters = everything) {
  const typed = text.trim();
  const wanted = usePaused(typed);
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery({
    queryKey: keys.search(wanted, filters),
    queryFn: ({ signal }) => api.post<Schemas["SearchView"]>("/api/searches", { text: wanted, ...narrowing(filters) }, signal),
    enabled: wanted !== "",
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
  /** Whether what is there answers something typed before. */
  const isBehind = typed !== wanted || (typed !== "" && (isPending || isPlaceholderData));
  return { data, error, isPending, isPlaceholderData, refetch, wanted, isBehind };
}
