// What signing in, signing up and accepting an invitation share: one act that brings a session, and where to go then.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { api, asProblem } from "@/api/client";
import { keys, rememberSession, type SessionView } from "@/api/queries";
import { changeLocale } from "@/i18n";

/** Only a path of this app: anything else could lead a person who just typed a password to a foreign page. */
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])[^\\]*$/.test(next) ? next : "/";
}

export interface Entry<T> {
  enter: (body: T) => void;
  isBusy: boolean;
  /** The sentence for one field. */
  errorOf: (field: string) => string | null;
  /** The sentence that belongs to no field of this form. */
  otherError: string | null;
}

/** Goes on with what an act of entry answered: into the app, or to the step that is still asked for. */
export function useEntered(): (view: SessionView) => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  return async (view) => {
    // What somebody else saw at this desk goes; the page that is still open keeps what it shows.
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] && queryKey[0] !== "invitation" });
    client.setQueryData(keys.session, rememberSession(view));
    if (view.second_step) return navigate({ pathname: "/sign-in/second-step", search: search.toString() });
    if (view.me) await changeLocale(view.me.locale);
    await navigate(safeNext(search.get("next")), { replace: true });
  };
}

export function useEntry<T>(path: string, fields: readonly string[], onEntered?: () => void): Entry<T> {
  const entered = useEntered();
  const act = useMutation({
    mutationFn: (body: T) => api.post<SessionView>(path, body),
    onSuccess: (view) => {
      onEntered?.();
      return entered(view);
    },
  });
  useEffect(() => {
    // The field that has to be changed is where the person goes on.
    if (act.error) document.querySelector<HTMLElement>("form [aria-invalid=true]")?.focus();
  }, [act.error]);
  const problem = act.error ? asProblem(act.error) : null;
  const isOfField = problem?.field != null && fields.includes(problem.field);
  return {
    enter: act.mutate,
    // Until this page is gone: what comes next may still be on its way.
    isBusy: act.isPending || act.isSuccess,
    errorOf: (field) => (problem?.field === field ? problem.message : null),
    otherError: problem && !isOfField ? problem.message : null,
  };
}
