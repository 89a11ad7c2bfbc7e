// On the sign-in page: the deployment's identity provider, and the way to a team's own.
import { Building2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { asProblem, type Schemas } from "@/api/client";
import { useProviderSignIn } from "@/api/provider";
import { Button, buttonClass } from "@/ui/Button";
import { Note } from "@/ui/States";
import { safeNext } from "../useEntry";

export function ProviderWays({ provider }: { provider: Schemas["ProviderButton"] | null }) {
  const { t } = useTranslation("accounts");
  const [search] = useSearchParams();
  const act = useProviderSignIn();
  const next = safeNext(search.get("next"));
  return (
    <div className="flex flex-col gap-3">
      {act.error ? <Note tone="danger">{asProblem(act.error).message}</Note> : null}
      {provider ? (
        <Button variant={provider.only ? "primary" : "secondary"} busy={act.isPending} onClick={() => act.mutate({ teamId: null, next })} className="whitespace-normal">
          {t("provider.by", { name: provider.name })}
        </Button>
      ) : null}
      <Link to={`/sign-in/team${next === "/" ? "" : `?next=${encodeURIComponent(next)}`}`} className={buttonClass("quiet")}>
        <Building2 aria-hidden="true" />
        {t("provider.company")}
      </Link>
    </div>
  );
}
