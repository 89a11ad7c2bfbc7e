// Which models of a connection appear, under what names, and what a new look at the server found.
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { addTyped, refusedIfTicked, rename, tick, tickAll, type Choice, withPoliciesOf } from "./choices";
import { DiscoveryDiff } from "./DiscoveryDiff";
import { ModelTicks } from "./ModelTicks";
import { useChangeModels, useDiscovery } from "./queries";
import { Section, type SectionProps } from "./Section";
import type { ConnectionView } from "./types";
import { useKeepers } from "./useKeepers";

const choiceOf = (provider: ConnectionView["provider"]) => (model: ConnectionView["models"][number]): Choice => ({
  modelId: model.model_id,
  name: model.name,
  foundName: model.model_id,
  enabled: model.enabled,
  typed: model.typed,
  contextLength: model.context_length,
  inputs: model.inputs,
  vanished: model.vanished_at !== null,
  facts: model.facts,
  policy: provider === "openrouter" ? model.profile.habits.data_policy : null,
});

export function ModelsSection({ connection, isReadOnly }: SectionProps) {
  const { t } = useTranslation("connections");
  const change = useChangeModels(connection.id);
  const discovery = useDiscovery(connection.id);
  const keepers = useKeepers();
  // Null while nothing is edited: then the stored state is shown, also when it changes behind the page.
  const [edited, setEdited] = useState<Choice[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const stored = connection.models.map(choiceOf(connection.provider));
  const choices = edited === null ? stored : withPoliciesOf(stored, edited);
  const refused = edited === null ? [] : refusedIfTicked(choices);
  const cantLook = isReadOnly || edited !== null || connection.health === "needs_key";
  const attempt = async (act: () => Promise<unknown>) => {
    setError(null);
    try {
      await act();
    } catch (thrown) {
      setError(asProblem(thrown).message);
    }
  };
  const save = () =>
    attempt(async () => {
      await change.mutateAsync(choices);
      setEdited(null);
      notify(t("action.saved"));
    });
  const look = () => attempt(async () => { await discovery.mutateAsync(); setEdited(null); });
  return (
    <Section
      id="models"
      title={t("page.models")}
      actions={
        <Button size="sm" busy={discovery.isPending} aria-disabled={cantLook} onClick={() => (cantLook ? undefined : void look())}>
          {discovery.isPending ? null : <RefreshCw aria-hidden="true" />}
          {discovery.isPending ? t("models.rediscovering") : t("models.rediscover")}
        </Button>
      }
    >
      <div role="status" className="empty:hidden">{discovery.data && !error ? <DiscoveryDiff diff={discovery.data} /> : null}</div>
      {error ? <Note tone="danger">{error}</Note> : null}
      <fieldset disabled={isReadOnly} className="min-w-0">
        <ModelTicks
          choices={choices}
          onTick={(modelId, enabled) => setEdited(tick(choices, modelId, enabled))}
          onTickAll={(shown, enabled) => setEdited(tickAll(choices, shown, enabled))}
          onRename={(modelId, name) => setEdited(rename(choices, modelId, name))}
          onAdd={(modelId) => setEdited(addTyped(choices, modelId))}
        />
      </fieldset>
      <div role="status" className="empty:hidden">
        {refused.length > 0 ? <Note tone="warn">{t("hosts.unmet_ticked", { list: keepers.listed(refused.map((one) => one.name || one.foundName)) })}</Note> : null}
      </div>
      {edited ? (
        <div className="flex flex-wrap items-center gap-3">
          <Button variant="primary" busy={change.isPending} onClick={() => void save()}>{t("models.save")}</Button>
          <Button variant="quiet" onClick={() => setEdited(null)}>{t("models.discard")}</Button>
          <span className="text-sm text-muted">{t("models.unsaved")}</span>
        </div>
      ) : null}
    </Section>
  );
}
