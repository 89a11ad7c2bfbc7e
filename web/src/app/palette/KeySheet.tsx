// A sheet of all keys, from the same table that the pages listen by.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { fixedRows, shortcutsOf, type Ways, waysOf } from "@/ui/keyRows";
import { Keys } from "@/ui/Keys";
import { followNext } from "@/ui/overlays";
import { useKeyChoices } from "@/ui/shortcuts";

export function KeySheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation("palette");
  const { off, sendBy } = useKeyChoices();
  return (
    <Dialog
      open={open}
      wide
      onlyText
      onClose={onClose}
      title={t("keys.title")}
      actions={<Link to="/settings/shortcuts" onClick={() => (followNext(), onClose())} className={buttonClass()}>{t("keys.change")}</Link>}
    >
      <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
        {(["everywhere", "chat"] as const).map((where) => (
          <Group key={where} title={t(`keys.where.${where}`)}>
            {shortcutsOf(where).map((id) => <Row key={id} text={t(`keys.does.${id}`)} ways={waysOf(id)} off={off.has(id) ? t("keys.off") : null} />)}
          </Group>
        ))}
        <Group title={t("keys.where.fixed")}>
          {fixedRows(sendBy).map(({ name, ways }) => <Row key={name} text={t(`keys.does.${name}`)} ways={ways} off={null} />)}
        </Group>
      </div>
    </Dialog>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="pb-1 text-xs font-semibold text-muted">{title}</h3>
      <dl className="divide-y divide-line text-sm">{children}</dl>
    </section>
  );
}

function Row({ text, ways, off }: { text: string; ways: Ways; off: string | null }) {
  return (
    <div className="flex items-start justify-between gap-4 py-1.5">
      <dt className="min-w-0 wrap-anywhere">{text}</dt>
      <dd className="flex shrink-0 flex-col items-end gap-1">{off ? <span className="text-muted">{off}</span> : ways.map((names) => <Keys key={names.join(" ")} names={names} />)}</dd>
    </div>
  );
}
