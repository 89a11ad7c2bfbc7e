// Which models of a connection appear, under what names, and what a new look at the server found.
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { addTyped, rename, tick, tickAll, type Choice } from "./choices";
import { ModelTicks } from "./ModelTicks";
import { useChangeModels, useDiscovery } from "./queries";
import { Section, type SectionProps } from "./Section";
import type { ConnectionView } from "./types";

const choiceOf = (model: ConnectionView["models"][number]): Choice => ({
  modelId: model.model_id,
  name: model.name,
  foundName: model.model_id,
  enabled: model.enabled,
  typed: model.typed,
  contextLength: model.context_length,
  inputs: model.inputs,
  vanished: model.vanished_at !== null,
});

export function ModelsSection({ connection, isReadOnly }: SectionProps) {
  const { t } = useTranslation("connections");
  const change = useChangeModels(connection.id);
  const discovery = useDiscovery(connection.id);
  // Null while nothing is edited: then the stored state is shown, also when it changes behind the page.
  const [edited, setEdited] = useState<Choice[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const choices = edited ?? connection.models.map(choiceOf);
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
        <Button size="sm" busy={discovery.isPending} aria-disabled={isReadOnly || edited !== null} onClick={() => (isReadOnly || edited ? undefined : void look())}>
          {discovery.isPending ? null : <RefreshCw aria-hidden="true" />}
          {discovery.isPending ? t("models.rediscovering") : t("models.rediscover")}
        </Button>
      }
    >
      <div role="status" className="empty:hidden">{discovery.data && !error ? <Discovered came={discovery.data.came} went={discovery.data.went} /> : null}</div>
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

const NAMED = 5;

function Discovered({ came, went }: { came: string[]; went: string[] }) {
  const { t } = useTranslation("connections");
  const names = (ids: string[]) => {
    const rest = ids.length - NAMED;
    return ids.slice(0, NAMED).join(", ") + (rest > 0 ? ` ${t("models.and_more", { count: rest })}` : "");
  };
  if (came.length + went.length === 0) return <Note>{t("models.unchanged")}</Note>;
  return (
    <Note>
      {came.length > 0 ? <p>{t("models.came", { count: came.length, names: names(came) })}</p> : null}
      {went.length > 0 ? <p>{t("models.went", { count: went.length, names: names(went) })}</p> : null}
    </Note>
  );
}
