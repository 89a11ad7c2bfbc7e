// The team's identity provider: what to enter there, what it is here, whether it works, and what it opens and closes.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { notify } from "@/ui/Announcer";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { CopyLine } from "@/ui/CopyLine";
import { ConfirmDialog } from "@/ui/Dialog";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { asProblem } from "@/api/client";
import { ProviderFacts } from "./ProviderFacts";
import { ProviderForm } from "./ProviderForm";
import { ProviderSwitches } from "./ProviderSwitches";
import { ProviderTest } from "./ProviderTest";
import { type Provider, rulesQuery, type SignInRules, useRemove } from "./providerQueries";

export function IdentityProviderSection() {
  const { t } = useTranslation("identity");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(rulesQuery);
  return (
    <PageSection id="identity-provider" title={t("team.title")} about={t("team.about")} mark={data?.provider ? <State provider={data.provider} /> : null}>
      {!data && !error ? <Skeleton lines={4} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? <Rules rules={data} /> : null}
    </PageSection>
  );
}

function State({ provider }: { provider: Provider }) {
  const { t } = useTranslation("identity");
  if (provider.needs_secret) return <Badge tone="danger">{t("team.needs_secret")}</Badge>;
  if (!provider.enabled) return <Badge>{t("team.off")}</Badge>;
  return provider.only ? <Badge tone="accent">{t("team.only")}</Badge> : <Badge tone="ok">{t("team.on")}</Badge>;
}

function Rules({ rules }: { rules: SignInRules }) {
  const { t } = useTranslation("identity");
  const [isEditing, setIsEditing] = useState(false);
  const { provider } = rules;
  if (!rules.may_change) return provider ? <><Lost provider={provider} /><ProviderFacts provider={provider} /></> : <p className="text-sm text-muted">{t("team.none_admin")}</p>;
  if (!rules.redirect_uri) return <Note tone="warn">{t("team.no_public_url")}</Note>;
  if (!provider && !isEditing) {
    return (
      <div className="flex flex-col items-start gap-3">
        <p className="text-sm text-muted">{t("team.none")}</p>
        <Button variant="primary" onClick={() => setIsEditing(true)}>{t("team.set_up")}</Button>
      </div>
    );
  }
  return (
    <>
      <Addresses rules={rules} />
      {isEditing || !provider ? (
        <ProviderForm provider={provider} onDone={() => setIsEditing(false)} />
      ) : (
        <>
          <Lost provider={provider} />
          <ProviderFacts provider={provider} />
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => setIsEditing(true)}>{t("team.edit")}</Button>
            <Remove name={provider.name} />
          </div>
          {provider.needs_secret ? null : (
            <>
              <ProviderTest provider={provider} />
              <ProviderSwitches provider={provider} />
            </>
          )}
        </>
      )}
    </>
  );
}

/** A secret that went with its key: said before anything else, because nothing else works before it is entered. */
function Lost({ provider }: { provider: Provider }) {
  const { t } = useTranslation("identity");
  return provider.needs_secret ? <Note tone="danger">{t("team.secret_lost")}</Note> : null;
}

function Addresses({ rules }: { rules: SignInRules }) {
  const { t } = useTranslation("identity");
  const lines = [
    ["redirect", rules.redirect_uri],
    ["logout", rules.logout_uri],
    ["link", new URL(rules.sign_in_path, rules.redirect_uri).href],
  ] as const;
  return (
    <dl className="flex max-w-2xl flex-col gap-3">
      {lines.map(([name, text]) => (
        <div key={name} className="flex min-w-0 flex-col gap-1">
          <dt className="text-sm font-semibold">{t(`address.${name}`)}</dt>
          <dd className="min-w-0"><CopyLine text={text} label={t("address.copy")} done={t("address.copied")} /></dd>
          <dd className="text-xs text-muted">{t(`address.${name}_about`)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Remove({ name }: { name: string }) {
  const { t } = useTranslation("identity");
  const remove = useRemove();
  const [isAsked, setIsAsked] = useState(false);
  const confirm = () => remove.mutate(undefined, { onSuccess: () => notify(t("team.removed")) });
  return (
    <>
      <Button variant="danger" onClick={() => setIsAsked(true)}>{t("team.remove")}</Button>
      <ConfirmDialog
        open={isAsked}
        onClose={() => setIsAsked(false)}
        onConfirm={confirm}
        title={t("team.remove_title", { name })}
        description={t("team.remove_text")}
        confirm={t("team.remove")}
        busy={remove.isPending}
        error={remove.error ? asProblem(remove.error).message : null}
      />
    </>
  );
}
