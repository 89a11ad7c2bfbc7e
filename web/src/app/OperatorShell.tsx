// The operator's desk: apart from every team's settings. Without a second factor it says what to do instead.
import { useQuery } from "@tanstack/react-query";
import { Lock } from "lucide-react";
import { type ComponentType, lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useParams } from "react-router";
import { asProblem } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { healthQuery } from "@/features/operator/queries";
import { buttonClass } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState } from "@/ui/States";
import { ListedPages } from "./ListedPages";

const pages = ["teams", "providers", "plans", "announcements", "health"] as const;
// Routed here and not in the table of all pages: where people chat, nothing of the desk is known.
const page = <Props extends object>(load: () => Promise<{ Component: ComponentType<Props> }>) => lazy(() => load().then(({ Component: part }) => ({ default: part })));
const TeamPage = page(() => import("@/features/operator/TeamPage"));
const shownBy: Record<string, ComponentType<{ id: string }>> = {
  teams: page(() => import("@/features/operator/TeamsPage")),
  providers: page(() => import("@/features/operator/ProvidersPage")),
  plans: page(() => import("@/features/operator/PlansPage")),
  announcements: page(() => import("@/features/operator/AnnouncementsPage")),
  health: page(() => import("@/features/operator/HealthPage")),
};

export function Operator() {
  const { t } = useTranslation("operator");
  return (
    <ListedPages title={t("title")} about={t("about")} groups={[{ pages: pages.map((name) => ({ to: `/operator/${name}`, label: t(`page.${name}`) })) }]}>
      <Guarded />
    </ListedPages>
  );
}

const closed = new Set(["operators_only", "operator_factor_needed"]);

function Pages() {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const [name = "", teamId, ...more] = (useParams()["*"] ?? "").split("/");
  const Shown = more.length > 0 ? undefined : teamId === undefined ? shownBy[name] : name === "teams" ? TeamPage : undefined;
  if (!Shown) return <Navigate to="/operator/teams" replace />;
  return (
    <Suspense fallback={<Page title={t("title")}><Skeleton lines={6} label={common("loading")} /></Page>}>
      <Shown key={teamId ?? name} id={teamId ?? ""} />
    </Suspense>
  );
}

/** The server judges every request; this only tells it once, instead of on each part of a page. */
function Guarded() {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const { me } = useSignedIn();
  const { data, error } = useQuery({ ...healthQuery, refetchInterval: false, enabled: me.is_operator });
  const problem = error ? asProblem(error) : null;
  if (me.is_operator && !data && !problem) return <Page title={t("title")}><Skeleton lines={4} label={common("loading")} /></Page>;
  if (me.is_operator && !(problem && closed.has(problem.code))) return <Pages />;
  const lacksFactor = problem?.code === "operator_factor_needed";
  return (
    <Page title={t("title")}>
      <EmptyState icon={<Lock aria-hidden="true" />} title={t("closed_title")} actions={lacksFactor ? <Link to="/settings/security" className={buttonClass("primary")}>{t("to_security")}</Link> : null}>
        {problem?.message ?? t("closed")}
      </EmptyState>
    </Page>
  );
}
