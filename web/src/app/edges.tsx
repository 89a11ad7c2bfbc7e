// The pages for when there is no page: starting, not found, broken.
import { useTranslation } from "react-i18next";
import { isRouteErrorResponse, Link, useRouteError } from "react-router";
import { asProblem, ProblemError } from "@/api/client";
import { Button, buttonClass } from "@/ui/Button";
import { useDocumentTitle } from "@/ui/useDocumentTitle";

export function Starting() {
  const { t } = useTranslation();
  return <p role="status" className="sr-only">{t("loading")}</p>;
}

export function NotFound() {
  const { t } = useTranslation();
  useDocumentTitle(t("notFound.title"));
  return (
    <main className="mx-auto flex max-w-lg flex-col items-start gap-3 px-6 py-24">
      <h1 className="text-2xl">{t("notFound.title")}</h1>
      <p className="text-muted">{t("notFound.text")}</p>
      <Link to="/" className={buttonClass("primary")}>{t("action.backHome")}</Link>
    </main>
  );
}

export function Crash() {
  const { t } = useTranslation();
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFound />;
  return (
    <main role="alert" className="mx-auto flex max-w-lg flex-col items-start gap-3 px-6 py-24">
      <h1 className="text-2xl">{t("crash.title")}</h1>
      <p className="text-muted">{error instanceof ProblemError ? asProblem(error).message : t("crash.text")}</p>
      <Button variant="primary" onClick={() => location.reload()}>{t("crash.reload")}</Button>
    </main>
  );
}
