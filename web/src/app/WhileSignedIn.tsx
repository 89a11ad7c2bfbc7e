// Pages behind the sign-in stay only while somebody is in: a session that ends under an open page leads to the sign-in and back.
import { useSuspenseQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { sessionQuery } from "@/api/queries";
import { SessionContext } from "@/api/session";
import { signInPath } from "./guards";
import { Overlays } from "./Overlays";

const Announcements = lazy(() => import("@/features/announcements/Announcements"));

export function WhileSignedIn() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { pathname, search } = useLocation();
  if (!session.me) return <Navigate to={signInPath(pathname, search)} state={{ ended: true }} replace />;
  return <SessionContext value={session}><Outlet /><Overlays /><Suspense><Announcements /></Suspense></SessionContext>;
}
