// On or off, and whether nobody enters the team by other means. What each would do is said before it is done.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { Note } from "@/ui/States";
import { type Provider, useSwitch } from "./providerQueries";

export function ProviderSwitches({ provider }: { provider: Provider }) {
  const { t } = useTranslation("identity");
  const act = useSwitch();
  const [isAsked, setIsAsked] = useState(false);
  const turn = (enabled: boolean, only: boolean) =>
    act.mutate({ enabled, only }, {
      onSuccess: () => {
        setIsAsked(false);
        notify(t(enabled ? (only ? "switch.now_only" : "switch.now_on") : "switch.now_off"));
      },
    });
  const isSafe = provider.am_linked || provider.has_break_glass;
  return (
    <section aria-labelledby="provider-switches" className="flex max-w-2xl flex-col gap-3 pt-3">
      <h3 id="provider-switches" className="font-semibold">{t("switch.title")}</h3>
      {provider.tested_at ? null : <p className="text-sm text-muted">{t("switch.test_first")}</p>}
      {provider.enabled && !provider.only && provider.unlinked > 0 ? <Note tone="warn">{t("switch.unlinked", { count: provider.unlinked })}</Note> : null}
      {provider.enabled && !provider.only && !isSafe ? <Note>{t("switch.link_first")}</Note> : null}
      {act.error && !isAsked ? <Note tone="danger">{asProblem(act.error).message}</Note> : null}
      <div className="flex flex-wrap gap-2">
        {provider.enabled ? (
          <>
            {provider.only ? <Button busy={act.isPending} onClick={() => turn(true, false)}>{t("switch.open")}</Button> : <Button aria-disabled={!isSafe} onClick={() => isSafe && setIsAsked(true)}>{t("switch.only")}</Button>}
            <Button variant="danger" busy={act.isPending && !isAsked} onClick={() => turn(false, false)}>{t("switch.off")}</Button>
          </>
        ) : (
          <Button variant="primary" aria-disabled={!provider.tested_at} busy={act.isPending} onClick={() => provider.tested_at && turn(true, false)}>{t("switch.on")}</Button>
        )}
      </div>
      <ConfirmDialog
        open={isAsked}
        onClose={() => setIsAsked(false)}
        onConfirm={() => turn(true, true)}
        title={t("switch.only_title")}
        description={t("switch.only_text", { name: provider.name })}
        confirm={t("switch.only")}
        busy={act.isPending}
        error={act.error ? asProblem(act.error).message : null}
      />
    </section>
  );
}
