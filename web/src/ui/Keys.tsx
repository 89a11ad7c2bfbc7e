// The keys of a shortcut as they are labelled: Ctrl and K, on a Mac ⌘ and K, on a German keyboard Strg and K.
import { useTranslation } from "react-i18next";
import { isMac } from "./shortcuts";

const onMac: Readonly<Record<string, string>> = { command: "⌘", alt: "⌥", shift: "⇧" };
const everywhere: Readonly<Record<string, string>> = { k: "K", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };

/** Each of `names` is a value of `KeyboardEvent.key`, or `command`, `alt`, `shift`. */
export function Keys({ names }: { names: readonly string[] }) {
  const { t } = useTranslation(["palette", "common"]);
  const named: Readonly<Record<string, string>> = { ...everywhere, command: t("common:key.ctrl"), alt: t("key.alt"), shift: t("key.shift"), Enter: t("key.enter"), ...(isMac ? onMac : {}) };
  return (
    <span className="inline-flex flex-wrap items-center gap-1">
      {names.map((name) => <kbd key={name} className="rounded border border-edge bg-surface px-1.5 py-0.5 font-mono text-xs whitespace-nowrap text-ink">{named[name] ?? name}</kbd>)}
    </span>
  );
}
