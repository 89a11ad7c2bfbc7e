// One conversation in the list, with its menu.
import { Ellipsis, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { IconButton } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { ConversationMenu } from "./ConversationMenu";
import type { ConversationLine } from "./data";
import { SealIcon } from "@/sealing/zones";

export function ListLine({ line }: { line: ConversationLine }) {
  const { t } = useTranslation(["chat", "common"]);
  const title = line.title || t("title.new");
  return (
    <li className="group/line relative">
      <NavLink
        to={`/c/${line.id}`}
        title={title}
        className={({ isActive }) => cx("flex min-h-8 items-center gap-2 rounded-md py-1 pr-3 pl-3 text-sm group-focus-within/line:pr-9 group-hover/line:pr-9 pointer-coarse:min-h-11 pointer-coarse:pr-11", isActive ? "bg-surface font-semibold" : "hover:bg-hover")}
      >
        <span className="truncate">{title}</span>
        <SealIcon zones={line.sealed_to} />
        {line.shared ? <Users role="img" aria-label={t("list.shared")} className="size-3.5 shrink-0 text-muted" /> : null}
        {line.running ? <span role="img" aria-label={t("list.running")} className="size-2 shrink-0 rounded-full bg-accent" /> : null}
      </NavLink>
      <span className="absolute inset-y-0 right-0 flex items-center opacity-0 group-focus-within/line:opacity-100 group-hover/line:opacity-100 has-data-popup-open:opacity-100 pointer-coarse:opacity-100">
        <ConversationMenu about={{ ...line, title }} trigger={<IconButton label={t("conversation.menu", { title })}><Ellipsis aria-hidden="true" /></IconButton>} />
      </span>
    </li>
  );
}
