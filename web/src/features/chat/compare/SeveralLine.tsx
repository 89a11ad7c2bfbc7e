// Where a question goes that several answer, or what is missing: below the message field, and in the dialog that asks again.
import { useTranslation } from "react-i18next";
import { WithheldOf } from "../attachments/Late";
import type { Asked, AskedAgain } from "../attachments/useForeseen";
import { leavesHouse, type PlaceZone } from "../leaving";
import { Trouble } from "../Trouble";
import type { Picks } from "./useSeveral";

export interface SeveralLineProps {
  several: Picks;
  id?: string;
  pastZones: readonly PlaceZone[];
  /** The message that is being written, or the question that is asked again; null: none can be sent now. */
  asked: Omit<Asked, "modelRef"> | Omit<AskedAgain, "modelRef"> | null;
}

export default function SeveralLine({ several, id = "destination", pastZones, asked }: SeveralLineProps) {
  const { t, i18n } = useTranslation(["compare", "chat", "common"]);
  const { models } = several;
  const line = "min-h-5 px-0.5 pt-1.5 pb-3 text-xs";
  const closed = models.find((model) => !model.available);
  if (closed) return <p id={id} className={`${line} text-danger`}>{t("bar.closed", { name: closed.name })}</p>;
  if (!several.hasEnough) return <p id={id} className={`${line} text-warn`}>{t("bar.few")}</p>;
  const names = models.map((model) => `${model.name} (${t(`common:origin.${model.origin}`)})`);
  return (
    <>
      {asked ? models.map((model) => <WithheldOf key={model.ref} {...asked} modelRef={model.ref} modelName={model.name} />) : null}
      <p id={id} className={`${line} text-muted`}>
        {models.map((model) => <Trouble key={model.ref} model={model} says="name" />)}
        {t(asked && "againId" in asked ? "again.to" : "bar.to", { names: new Intl.ListFormat(i18n.language).format(names) })}
        {leavesHouse(pastZones, models.map((model) => model.zone)) ? <strong className="font-semibold text-warn"> {t("chat:destination.leavesHouse")}</strong> : null}
      </p>
    </>
  );
}
