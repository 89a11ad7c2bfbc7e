// The line below the message field: where the next message goes, or why it can't go there.
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { AliasSince } from "./AliasMarks";
import { GoneLine } from "./GoneLine";
import { useSealWords } from "@/sealing/zones";
import { leavesHouse, type PlaceZone } from "./leaving";
import { useOpenSeal } from "./seal";
import { Trouble } from "./Trouble";
import type { ModelChoice } from "./useModelChoice";

/** Not drawn anew with each letter. */
export const DestinationLine = memo(function DestinationLine({ choice, pastZones, lastName }: { choice: ModelChoice; pastZones: readonly PlaceZone[]; lastName: string | null }) {
  const { t } = useTranslation(["chat", "common"]);
  const seal = useOpenSeal();
  const sealWords = useSealWords();
  const { model } = choice;
  const line = "min-h-5 px-0.5 pt-1.5 pb-3 text-xs";
  if (choice.isLoading) return <p id="destination" className={line} />;
  if (!model && choice.ref) return <GoneLine modelRef={choice.ref} name={lastName} hasOpen={choice.hasOpen} className={line} />;
  if (!model) {
    const words = choice.hasOpen ? t("destination.choose") : t(choice.hasAny ? "destination.none_open" : "destination.none");
    return <p id="destination" className={`${line} text-warn`}>{words}</p>;
  }
  if (!model.available) {
    return <p id="destination" className={`${line} text-danger`}>{model.problem?.message ?? t("destination.unavailable", { name: model.name })}{choice.hasOpen ? ` ${t("destination.chooseOther")}` : ""}</p>;
  }
  return (
    <p id="destination" data-origin={model.origin} className={`${line} text-muted`}>
      {/* The message is tried all the same: ADR 0026. */}
      <Trouble model={model} says="state" />
      {/* On small screens only the lock is beside the model. */}
      {seal.zones ? <span className="font-semibold text-ink sm:hidden">{sealWords(seal.zones)}. </span> : null}
      <AliasSince model={model} />
      <span className="font-semibold text-origin">{t(`common:origin.${model.origin}`)}: </span>
      {t(`destination.${model.origin}`, { connection: model.connection_name })}
      {model.data_location ? ` ${t("destination.location", { place: model.data_location })}` : ""}
      {leavesHouse(pastZones, [model.zone]) ? <strong className="font-semibold text-warn"> {t("destination.leavesHouse")}</strong> : null}
    </p>
  );
});
