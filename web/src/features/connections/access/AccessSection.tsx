// Who may use the models of a connection: what holds for all, and where one of them differs.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Section } from "../Section";
import type { ConnectionView } from "../types";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { formOf } from "./audience";
import { AudienceDialog } from "./AudienceDialog";
import { AudienceRow } from "./AudienceRow";
import { audienceQuery, useRuleConnection } from "./queries";

const SHOWN_AT_FIRST = 40;

/** `null`: all models of the connection. */
type Edited = { id: string | null; name: string };

export function AccessSection({ connection }: { connection: ConnectionView }) {
  const { t } = useTranslation("access");
  const { t: connections } = useTranslation("connections");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(audienceQuery(connection.id));
  const rule = useRuleConnection(connection.id);
  const [edited, setEdited] = useState<Edited | null>(null);
  const [showsAll, setShowsAll] = useState(false);
  // Whatever has a rule of its own is shown, switched on or off; else what people can pick.
  const isOn = new Map(connection.models.map((model) => [model.id, model.enabled && model.vanished_at === null]));
  const models = data?.models.filter((model) => model.audience !== null || isOn.get(model.id)) ?? [];
  const shown = showsAll ? models : models.slice(0, SHOWN_AT_FIRST);
  const current = edited?.id ? models.find((model) => model.id === edited.id)?.audience ?? null : (data?.audience ?? null);
  return (
    <Section id="access" title={t("section.title")}>
      <p className="max-w-2xl text-sm text-muted">{t("section.about")}</p>
      {!data && !error ? <Skeleton lines={3} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <ul aria-label={t("section.title")} className="divide-y divide-line rounded-lg border border-line bg-surface">
          <AudienceRow isStrong name={t("section.all")} audience={data.audience} otherwise="" onEdit={() => setEdited({ id: null, name: connection.name })} />
          {shown.map((model) => (
            <AudienceRow
              key={model.id}
              name={model.name}
              mark={isOn.get(model.id) ? null : <Badge>{t("section.off")}</Badge>}
              audience={model.audience}
              otherwise={t("section.inherits")}
              onEdit={() => setEdited({ id: model.id, name: model.name })}
            />
          ))}
        </ul>
      ) : null}
      {models.length > shown.length ? <Button variant="quiet" size="sm" className="self-start" onClick={() => setShowsAll(true)}>{connections("models.show_all", { count: models.length })}</Button> : null}
      {edited && data ? (
        <AudienceDialog
          name={edited.name}
          kinds={edited.id ? ["inherit", "everyone", "roles", "people"] : ["everyone", "roles", "people"]}
          inheritLabel={t("kind.inherit_connection")}
          initial={formOf(current, edited.id ? "inherit" : "everyone")}
          onSave={(form) => rule.mutateAsync({ modelId: edited.id, form })}
          onClose={() => setEdited(null)}
        />
      ) : null}
    </Section>
  );
}
