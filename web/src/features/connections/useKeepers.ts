// Says in words which providers behind a router keep nothing, as the router told.
import { useTranslation } from "react-i18next";
import { keepersOf } from "./hosts";
import type { FoundModel } from "./types";

/** A model may have twenty providers; nobody reads them all in a line. */
const NAMED = 4;

/** `short` goes among a model's facts; `named` is a line of its own; `listed` names a few of many. */
export function useKeepers() {
  const { t } = useTranslation("connections");
  const listed = (names: string[]) => {
    const more = names.length - NAMED;
    return [...names.slice(0, NAMED), ...(more > 0 ? [t("models.and_more", { count: more })] : [])].join(", ");
  };
  const short = (facts: FoundModel["facts"]) => {
    const state = keepersOf(facts);
    return state === "some" ? t("hosts.some", { count: facts.no_retention_hosts?.length ?? 0 }) : t(`hosts.${state}`);
  };
  const named = (facts: FoundModel["facts"]) => {
    const state = keepersOf(facts);
    return state === "some" ? t("hosts.named_some", { list: listed(facts.no_retention_hosts ?? []) }) : t(`hosts.named_${state}`);
  };
  return { short, named, listed };
}
