// The line below the message field: where the next message goes, or why it can't go there.
import { useTranslation } from "react-i18next";
import type { OriginName } from "@/api/queries";
import type { ModelChoice } from "./useModelChoice";

export function DestinationLine({ choice, pastOrigins, lastName }: { choice: ModelChoice; pastOrigins: readonly OriginName[]; lastName: string | null }) {
  const { t } = useTranslation(["chat", "common"]);
  const { model } = choice;
  const line = "min-h-5 px-0.5 pt-1.5 pb-3 text-xs";
  if (choice.isLoading) return <p id="destination" className={line} />;
  if (!model) {
    const words = choice.ref && lastName ? t("destination.gone", { name: lastName }) : choice.hasAny ? t("destination.choose") : t("destination.none");
    return <p id="destination" className={`${line} text-warn`}>{words}</p>;
  }
  if (!model.available) {
    return <p id="destination" className={`${line} text-danger`}>{model.problem?.message ?? t("destination.unavailable", { name: model.name })} {t("destination.chooseOther")}</p>;
  }
  // The first time a conversation leaves the house, it is said before it happens.
  const leavesHouse = pastOrigins.length > 0 && pastOrigins.every((o) => o === "own_hardware") && model.origin !== "own_hardware" && model.origin !== "scripted";
  return (
    <p id="destination" data-origin={model.origin} className={`${line} text-muted`}>
      <span className="font-semibold text-origin">{t(`common:origin.${model.origin}`)}: </span>
      {t(`destination.${model.origin}`, { connection: model.connection_name })}
      {model.data_location ? ` ${t("destination.location", { place: model.data_location })}` : ""}
      {leavesHouse ? <strong className="font-semibold text-warn"> {t("destination.leavesHouse")}</strong> : null}
    </p>
  );
}
