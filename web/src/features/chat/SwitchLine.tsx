// A hairline with a sentence where the conversation went on with another model.
import { useTranslation } from "react-i18next";
import { OriginMark } from "@/ui/Badge";
import type { Switch } from "./alias";

/** Shown above the question whose answer comes from another model than the answer before it. */
export function SwitchLine({ next, before }: Switch) {
  const { t } = useTranslation(["chat", "common", "alias"]);
  // The alias is the same: not a person's choice, but what it has come to stand for.
  const isTurned = next.model_ref === before.model_ref;
  // Two connections may offer a model of the same name.
  const nameOf = (receipt: typeof next) => (next.model_name === before.model_name ? `${receipt.model_name} (${receipt.connection_name})` : receipt.model_name);
  const models = { to: nameOf(next), from: nameOf(before) };
  return (
    <div className="thread-grid pt-6">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line pt-2.5 text-xs text-muted xl:col-start-2">
        <span>{isTurned && next.alias ? t("alias:switched", { alias: next.alias.name, ...models }) : t("switch.line", models)}</span>
        <OriginMark origin={next.origin} quiet />
      </p>
    </div>
  );
}
