// Settings, Models, Standard models: what the operator provides, and who in the team may use it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ManagersOnly } from "../ManagersOnly";
import { Page } from "@/ui/Page";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState } from "@/ui/States";
import { type Audience, formOf } from "./audience";
import { AudienceDialog } from "./AudienceDialog";
import { AudienceRow } from "./AudienceRow";
import { type StandardProvider, standardQuery, useRuleStandard } from "./queries";

export function Component() {
  const { t } = useTranslation("access");
  return (
    <ManagersOnly title={t("title")}>
      <StandardModels />
    </ManagersOnly>
  );
}

/** `modelId` null: all models of the provider. */
interface Edited {
  provider: string;
  modelId: string | null;
  name: string;
  audience: Audience | null;
}

function StandardModels() {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(standardQuery);
  const rule = useRuleStandard();
  const [edited, setEdited] = useState<Edited | null>(null);
  return (
    <Page title={t("title")} intro={`${t("intro")} ${t("section.about")}`}>
      {!data && !error ? <Skeleton lines={6} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data?.providers.length === 0 ? <EmptyState title={t("standard.none")}>{t("standard.none_text")}</EmptyState> : null}
      {data?.providers.map((provider) => <Provider key={provider.provider} provider={provider} onEdit={setEdited} />)}
      {edited ? (
        <AudienceDialog
          name={edited.name}
          kinds={edited.modelId === null ? ["everyone", "roles", "people", "nobody"] : ["inherit", "everyone", "roles", "people", "nobody"]}
          inheritLabel={t("kind.inherit_provider")}
          initial={formOf(edited.audience, edited.modelId === null ? "everyone" : "inherit")}
          onSave={(form) => rule.mutateAsync({ provider: edited.provider, modelId: edited.modelId, form })}
          onClose={() => setEdited(null)}
        />
      ) : null}
    </Page>
  );
}

const everyone: Audience = { kind: "everyone", roles: [], people: [] };

function Provider({ provider, onEdit }: { provider: StandardProvider; onEdit: (edited: Edited) => void }) {
  const { t } = useTranslation("access");
  const id = `provider-${provider.provider}`;
  const all = t("standard.all", { provider: provider.name });
  return (
    <PageSection id={id} title={provider.name} about={provider.data_location ? t("standard.place", { place: provider.data_location }) : null}>
      <ul aria-labelledby={id} className="divide-y divide-line rounded-lg border border-line bg-surface">
        <AudienceRow isStrong name={all} audience={provider.audience ?? everyone} otherwise="" onEdit={() => onEdit({ provider: provider.provider, modelId: null, name: all, audience: provider.audience })} />
        {provider.models.map((model) => (
          <AudienceRow
            key={model.model_id}
            name={model.name}
            audience={model.audience}
            otherwise={t("section.inherits_provider")}
            onEdit={() => onEdit({ provider: provider.provider, modelId: model.model_id, name: model.name, audience: model.audience })}
          />
        ))}
      </ul>
    </PageSection>
  );
}
