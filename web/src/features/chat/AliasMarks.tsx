// What an alias stands for, wherever a conversation shows one: in the picker, under the field, and when it was turned.
import { Tag } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import type { PickerModel } from "@/api/queries";
import { useFormats } from "@/i18n/format";
import { Note } from "@/ui/States";
import { changedSince } from "./alias";
import { leavesHouse } from "./leaving";

export function AliasGroupLabel() {
  const { t } = useTranslation("alias");
  return <span className="inline-flex items-center gap-1.5 font-semibold"><Tag aria-hidden="true" className="size-4 shrink-0" />{t("group")}</span>;
}

/** Below the alias's name in the picker. */
export function AliasTarget({ model }: { model: PickerModel }) {
  return model.alias ? <span className="text-ink">→ {model.alias.name}</span> : null;
}

/** Before the line that says where a message goes. */
export function AliasSince({ model }: { model: PickerModel }) {
  const { t } = useTranslation("alias");
  const { date } = useFormats();
  if (!model.alias) return null;
  return <>{t("destination", { alias: model.name, model: model.alias.name, date: date(model.alias.since) })} </>;
}

/** Above the field, when the alias stands for another model than the one that answered last. */
export function AliasNote({ model, last }: { model: PickerModel | undefined; last: Schemas["Receipt"] | null }) {
  const { t } = useTranslation("alias");
  const { date } = useFormats();
  const changed = changedSince(model, last ?? undefined);
  if (!changed || !model?.alias) return null;
  const goesFarther = leavesHouse([changed.zone], [model.zone]);
  return (
    <div className="pb-2">
      <Note tone={goesFarther ? "warn" : "info"}>
        {t("changed", { alias: model.name, model: model.alias.name, connection: model.connection_name, date: date(model.alias.since), before: changed.before, beforeConnection: changed.beforeConnection })}
      </Note>
    </div>
  );
}
