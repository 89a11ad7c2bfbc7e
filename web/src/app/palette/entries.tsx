// What the palette holds: each entry is a line to find, and what it does.
import { FileText, Keyboard, Link2, LogOut, MessageSquare, Moon, Plus, Replace, Search, Settings, Sun, SunMoon, Users, Wrench } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import { useSignedIn } from "@/api/session";
import type { ConversationLine } from "@/features/chat/data";
import { openChat } from "@/features/chat/openChat";
import { Marked } from "@/features/chat/SearchResults";
import type { FoundChat } from "@/features/chat/searching";
import { useAccount } from "@/features/chat/useAccount";
import { useFormats } from "@/i18n/format";
import { announce, notify } from "@/ui/Announcer";
import type { FilterItem } from "@/ui/FilterList";
import { followNext, openOverlay, seekChats } from "@/ui/overlays";
import { chooseTheme, type ThemeChoice } from "@/ui/themeChoice";
import { copyText } from "@/ui/useCopy";
import { useSettingsPages } from "../settingsPages";

export interface Entry extends FilterItem {
  /** Done when the palette has gone. */
  act: () => void | Promise<void>;
  /** Nothing else comes to be shown: the keyboard goes back to where it was. */
  stays?: boolean;
}

export function Line({ icon, children, note }: { icon: ReactNode; children: ReactNode; note?: ReactNode }) {
  return (
    <span className="grid min-h-6 grid-cols-[1.125rem_minmax(0,1fr)] items-center gap-x-2.5 text-sm [&_svg]:size-4 [&_svg]:text-muted">
      {icon}
      <span className="truncate">{children}</span>
      {note ? <span className="col-start-2 line-clamp-2 text-xs wrap-anywhere text-muted">{note}</span> : null}
    </span>
  );
}

/** Leaves everything behind, unsent words too: a word and Enter may never lead there. */
const byHand = (entry: Entry): Entry => ({ ...entry, onlyByHand: true });

const looks = { light: Sun, dark: Moon, system: SunMoon } as const;

/** Goes there; the keyboard follows, unless what is shown there has taken it. */
export function useGo(): (to: string) => Promise<void> {
  const navigate = useNavigate();
  return async (to) => {
    followNext();
    await navigate(to);
  };
}

/** `words`: what stands in the field. */
export function useActions(words: string): { actions: Entry[]; searchFor: Entry } {
  const { t } = useTranslation(["palette", "common", "chat"]);
  const { me } = useSignedIn();
  const { pathname } = useLocation();
  const account = useAccount();
  const go = useGo();
  const copyLink = async () => {
    const isDone = await copyText(location.href);
    notify(t(isDone ? "linkCopied" : "linkNotCopied"), isDone ? "ok" : "danger");
  };
  const search = async (text: string) => {
    // Only there is a list of chats to look through.
    if (/^\/(settings|operator)/.test(pathname)) await go("/");
    seekChats(text);
  };
  const entry = (key: string, text: string, icon: ReactNode, act: Entry["act"], stays = false): Entry => ({ key: `act:${key}`, text, node: <Line icon={icon}>{text}</Line>, act, stays });
  const lookEntry = (choice: ThemeChoice) => {
    const Icon = looks[choice];
    return entry(`look.${choice}`, t(`look.${choice}`), <Icon aria-hidden="true" />, () => (chooseTheme(choice), announce(t("lookChosen"))), true);
  };
  const icon = <Search aria-hidden="true" />;
  const searchFor = entry("searchFor", t("searchFor", { words }), icon, () => search(words));
  const always = [
    entry("keys", t("common:nav.keys"), <Keyboard aria-hidden="true" />, () => openOverlay("sheet"), true),
    ...(["light", "dark", "system"] as const).map(lookEntry),
    byHand(entry("signOut", t("common:account.signOut"), <LogOut aria-hidden="true" />, account.signOut)),
  ];
  // The team asks for a second factor first; everything else would only be refused.
  if (me.must_add_factor) return { actions: always, searchFor };
  const actions = [
    entry("new", t("common:nav.newChat"), <Plus aria-hidden="true" />, async () => (await go("/"), openChat()?.focus())),
    entry("search", t("common:nav.search"), icon, () => search("")),
    entry("shared", t("chat:shared.title"), <Users aria-hidden="true" />, () => go("/shared")),
    entry("copyLink", t("copyLink"), <Link2 aria-hidden="true" />, copyLink, true),
    entry("settings", t("common:nav.settings"), <Settings aria-hidden="true" />, () => go("/settings")),
    ...(me.is_operator ? [entry("operator", t("common:settings.operator"), <Wrench aria-hidden="true" />, () => go("/operator"))] : []),
    ...account.otherTeams.map((team) => byHand(entry(`team.${team.id}`, t("common:team.switch", { name: team.name }), <Users aria-hidden="true" />, () => account.switchTo(team.id)))),
    ...always,
  ];
  return { actions, searchFor };
}

/** The way to all models, of which the palette shows a few. */
export function useSwitchModel(act: () => void): Entry {
  const { t } = useTranslation("palette");
  return { key: "act:model", text: t("switchModel"), node: <Line icon={<Replace aria-hidden="true" />}>{t("switchModel")}</Line>, act };
}

export function usePages(): Entry[] {
  const go = useGo();
  const groups = useSettingsPages();
  const { me } = useSignedIn();
  if (me.must_add_factor) return [];
  return groups.flatMap(({ title, pages }) =>
    pages.map(({ to, label }) => ({ key: `page:${to}`, text: `${label} ${title}`, node: <Line icon={<FileText aria-hidden="true" />}>{title} › {label}</Line>, act: () => go(to) })),
  );
}

export function useChatEntries() {
  const { t } = useTranslation("chat");
  const { date } = useFormats();
  const go = useGo();
  const icon = <MessageSquare aria-hidden="true" />;
  const recent = (line: ConversationLine): Entry => {
    const title = line.title || t("title.new");
    return { key: `chat:${line.id}`, text: title, node: <Line icon={icon}>{title}</Line>, act: () => go(`/c/${line.id}`) };
  };
  /** Leads to the message that has the words, unless the title has them. */
  const found = (chat: FoundChat): Entry => {
    const hit = chat.title.some((piece) => piece.marked) ? undefined : chat.hits[0];
    const title = chat.title.length > 0 ? <Marked pieces={chat.title} /> : t("title.new");
    const note = <>{date(chat.updated_at)}{chat.archived ? ` · ${t("list.archived")}` : ""}{hit ? <> · <Marked pieces={hit.snippet} /></> : null}</>;
    return { key: `chat:${chat.conversation_id}`, text: "", node: <Line icon={icon} note={note}>{title}</Line>, act: () => go(`/c/${chat.conversation_id}${hit ? `#m-${hit.message_id}` : ""}`) };
  };
  return { recent, found };
}
