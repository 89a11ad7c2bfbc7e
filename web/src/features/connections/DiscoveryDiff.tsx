// What a new look at the server's list found: what went, what came, what is other now. What people miss stands first.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Badge } from "@/ui/Badge";
import { Note } from "@/ui/States";
import { inputWord } from "./inputWord";
import type { DiscoveryView } from "./types";

const NAMED = 8;

export function DiscoveryDiff({ diff }: { diff: DiscoveryView }) {
  const { t } = useTranslation("watch");
  if (diff.came.length + diff.went.length + diff.changed.length === 0) return <Note>{t("diff.unchanged")}</Note>;
  return (
    <div className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-4 text-sm">
      <Part title={t("diff.went", { count: diff.went.length })} help={t("diff.went_help")} items={diff.went} keyOf={(gone) => gone.model_id}>
        {(gone) => <WentLine gone={gone} />}
      </Part>
      <Part title={t("diff.came", { count: diff.came.length })} help={t("diff.came_help")} items={diff.came} keyOf={(id) => id}>
        {(id) => <ModelName id={id} />}
      </Part>
      <Part title={t("diff.changed", { count: diff.changed.length })} items={diff.changed} keyOf={(one) => one.model_id}>
        {(one) => <ChangeLine change={one} />}
      </Part>
    </div>
  );
}

interface PartProps<Item> {
  title: string;
  help?: string;
  items: readonly Item[];
  keyOf: (item: Item) => string;
  children: (item: Item) => React.ReactNode;
}

function Part<Item>({ title, help, items, keyOf, children }: PartProps<Item>) {
  const { t } = useTranslation("watch");
  if (items.length === 0) return null;
  const shown = items.slice(0, NAMED);
  const rest = items.slice(NAMED);
  const lines = (some: readonly Item[]) => some.map((item) => <li key={keyOf(item)} className="flex flex-wrap items-baseline gap-x-2">{children(item)}</li>);
  return (
    <section>
      <h3 className="text-sm font-semibold">{title}</h3>
      {help ? <p className="text-xs text-muted">{help}</p> : null}
      <ul className="flex flex-col gap-1 pt-1">{lines(shown)}</ul>
      {rest.length > 0 ? (
        <details className="pt-1">
          <summary className="link w-fit">{t("diff.more", { count: rest.length })}</summary>
          <ul className="flex flex-col gap-1 pt-1">{lines(rest)}</ul>
        </details>
      ) : null}
    </section>
  );
}

function ModelName({ id }: { id: string }) {
  return <span className="font-mono [overflow-wrap:anywhere]">{id}</span>;
}

function WentLine({ gone }: { gone: DiscoveryView["went"][number] }) {
  const { t } = useTranslation("watch");
  const formats = useFormats();
  const used = gone.conversations_30d;
  return (
    <>
      <ModelName id={gone.model_id} />
      {gone.was_on ? <Badge tone="warn">{t("diff.was_on")}</Badge> : null}
      <span className="text-xs text-muted">{used > 0 ? t("diff.used", { count: used, formatted: formats.number(used) }) : t("diff.unused")}</span>
    </>
  );
}

function ChangeLine({ change }: { change: DiscoveryView["changed"][number] }) {
  const { t } = useTranslation("watch");
  const { t: words } = useTranslation("connections");
  const formats = useFormats();
  const size = (tokens: number | null) => (tokens === null ? t("diff.not_told") : formats.number(tokens));
  const inputs = (names: readonly string[]) => names.map((name) => inputWord(words, name)).join(", ");
  return (
    <>
      <ModelName id={change.model_id} />
      {change.context_before === change.context_now ? null : (
        <span>{t("diff.context", { before: size(change.context_before), now: size(change.context_now) })}</span>
      )}
      {inputs(change.inputs_before) === inputs(change.inputs_now) ? null : (
        <span>{t("diff.inputs", { before: inputs(change.inputs_before), now: inputs(change.inputs_now) })}</span>
      )}
    </>
  );
}
