// Who may see which part of the app is decided before anything is rendered.
import { redirect, type LoaderFunctionArgs } from "react-router";
import { sessionQuery } from "@/api/queries";
import { changeLocale, currentLocale, startI18n } from "@/i18n";
import { queryClient } from "./queryClient";

const securityPath = "/settings/security";

/** Pages behind the sign-in. Remembers where the person wanted to go. */
export async function needSignIn({ request }: LoaderFunctionArgs) {
  const started = startI18n();
  const session = await queryClient.fetchQuery(sessionQuery);
  await started;
  if (session.me) {
    if (session.me.locale !== currentLocale()) {
      await changeLocale(session.me.locale);
      // It may carry a sentence (why own models are closed) in the language asked for before.
      await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
    }
    // The team asks for a second factor first; every other page would only be refused.
    if (session.me.must_add_factor && new URL(request.url).pathname !== securityPath) throw redirect(securityPath);
    return null;
  }
  if (session.setup_needed) throw redirect("/sign-up");
  const { pathname, search } = new URL(request.url);
  throw redirect(signInPath(pathname, search));
}

/** The sign-in page, with the way back. */
export const signInPath = (pathname: string, search: string): string =>
  pathname === "/" && search === "" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(pathname + search)}`;

/** Sign-in and sign-up: nothing to do there for somebody who is in. */
export async function needSignedOut({ request }: LoaderFunctionArgs) {
  void startI18n();
  const session = await queryClient.fetchQuery(sessionQuery);
  if (session.me) throw redirect("/");
  const { pathname } = new URL(request.url);
  if (session.setup_needed && pathname !== "/sign-up") throw redirect("/sign-up");
  if (!session.setup_needed && !session.sign_up_open && pathname === "/sign-up") throw redirect("/sign-in");
  return null;
}
