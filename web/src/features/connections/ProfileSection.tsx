// What is particular about the models that people can choose: found by calls, or known better by somebody here.
import { Pencil } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Badge } from "@/ui/Badge";
import { IconButton } from "@/ui/Button";
import { Note } from "@/ui/States";
import { isUnmet } from "./hosts";
import { inputWord } from "./inputWord";
import { ProfileDialog } from "./ProfileDialog";
import { peculiarities, type Model } from "./profiles";
import { Section, type SectionProps } from "./Section";
import { useKeepers } from "./useKeepers";

export function ProfileSection({ connection, isReadOnly }: SectionProps) {
  const { t } = useTranslation("connections");
  const [editedId, setEditedId] = useState<string | null>(null);
  const models = connection.models.filter((model) => model.enabled && model.vanished_at === null);
  const isRouted = connection.provider === "openrouter";
  const edited = models.find((model) => model.id === editedId);
  return (
    <Section id="habits" title={t("page.habits")}>
      <p className="max-w-2xl text-sm text-muted">{t("habits.about")}</p>
      {models.length === 0 ? <p className="text-muted">{t("habits.none")}</p> : null}
      {models.length > 0 ? (
        <ul aria-label={t("page.habits")} className="divide-y divide-line rounded-lg border border-line bg-surface">
          {models.map((model) => (
            <ProfileRow key={model.id} model={model} isRouted={isRouted} isReadOnly={isReadOnly} onEdit={() => setEditedId(model.id)} />
          ))}
        </ul>
      ) : null}
      {edited ? <ProfileDialog key={edited.id} connectionId={connection.id} isRouted={isRouted} model={edited} onClose={() => setEditedId(null)} /> : null}
    </Section>
  );
}

function ProfileRow({ model, isRouted, isReadOnly, onEdit }: { model: Model; isRouted: boolean; isReadOnly: boolean; onEdit: () => void }) {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  const keepers = useKeepers();
  const isByHand = (name: "context_length" | "inputs" | "data_policy") => model.profile.set_by_people.includes(name);
  const isRefused = isRouted && isUnmet(model.facts, model.profile.habits.data_policy);
  const byHand = <Badge tone="accent">{t("habits.by_hand")}</Badge>;
  return (
    <li className="flex items-start gap-2 px-4 py-2.5">
      <div className="flex min-w-0 flex-1 flex-col gap-1 text-sm">
        <p className="font-semibold [overflow-wrap:anywhere]">{model.name}</p>
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted">
          <span className="inline-flex flex-wrap items-center gap-x-1.5">
            {model.context_length ? t("models.context", { formatted: formats.compact(model.context_length) }) : t("habits.context_unknown")}
            {isByHand("context_length") ? byHand : null}
          </span>
          <span className="inline-flex flex-wrap items-center gap-x-1.5">
            {model.inputs.map((input) => inputWord(t, input)).join(", ")}
            {isByHand("inputs") ? byHand : null}
          </span>
        </p>
        {isRouted ? (
          <p className="flex flex-wrap items-center gap-1.5">
            {t(`habits.policy_${model.profile.habits.data_policy}`)} {isByHand("data_policy") ? byHand : null}
          </p>
        ) : null}
        {isRouted && !isRefused ? <p className="[overflow-wrap:anywhere]">{keepers.named(model.facts)}</p> : null}
        {isRefused ? <Note tone="warn">{t("hosts.unmet")}</Note> : null}
        {peculiarities(model).map((one) => (
          <p key={one.code} className="flex flex-wrap items-center gap-1.5">
            {t(`habits.${one.code}`)} {one.isSet ? byHand : <Badge>{t("habits.learnt")}</Badge>}
          </p>
        ))}
      </div>
      <IconButton label={t("habits.edit", { name: model.name })} disabled={isReadOnly} onClick={onEdit}><Pencil aria-hidden="true" /></IconButton>
    </li>
  );
}
