// What a server says of a model, in a few words: window, inputs, abilities, price, who keeps nothing, where, until when.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import type { Choice } from "./choices";
import { inputWord } from "./inputWord";
import { useKeepers } from "./useKeepers";

export function useModelFacts({ contextLength, inputs, facts, policy }: Pick<Choice, "contextLength" | "inputs" | "facts" | "policy">): string[] {
  const { t } = useTranslation("connections");
  const keepers = useKeepers();
  const formats = useFormats();
  const dollars = (price: number) => formats.dollars(price);
  const words: string[] = [];
  if (contextLength) words.push(t("models.context", { formatted: formats.compact(contextLength) }));
  // The window of the server counts; what the model was made for only says that more would be possible.
  if (facts.trained_context && facts.trained_context !== contextLength) words.push(t("models.trained", { formatted: formats.compact(facts.trained_context) }));
  words.push(...inputs.map((input) => inputWord(t, input)));
  if (facts.abilities.includes("tools")) words.push(t("inputs.tools"));
  if (facts.abilities.includes("reasoning")) words.push(t("models.reasoning"));
  if (facts.price_in !== null && facts.price_out !== null) {
    words.push(facts.price_in + facts.price_out === 0 ? t("models.free") : t("models.price", { input: dollars(facts.price_in), output: dollars(facts.price_out) }));
  }
  if (policy !== null) words.push(keepers.short(facts));
  if (facts.is_remote && facts.price_in === null) words.push(t("models.remote"));
  if (facts.retires_on) words.push(t("models.retires", { date: formats.day(facts.retires_on) }));
  return words;
}
