// The title of the conversation, its seal, who else may read it, and what can be done with it behind one button.
import { Ellipsis, Users } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { andTexts } from "@/i18n";
import { Button, IconButton } from "@/ui/Button";
import { ConversationMenu } from "./ConversationMenu";
import { SealMark } from "@/sealing/zones";
import type { Conversation } from "./tree";

const ShareDialog = lazy(() => andTexts(import("./ShareDialog"), "later").then((module) => ({ default: module.ShareDialog })));

export function ConversationTitle({ conversation }: { conversation: Conversation }) {
  const { t } = useTranslation(["chat", "common"]);
  const [sharing, setSharing] = useState(false);
  const shown = conversation.title || t("title.new");
  return (
    <div className="flex min-w-0 items-center gap-1.5">
      <div className="min-w-0">
        <h1 className="truncate text-base font-bold" title={shown}>{shown}</h1>
        <SealMark zones={conversation.sealed_to} />
      </div>
      <span className="contents print:hidden">
        <ConversationMenu about={{ ...conversation, title: shown }} trigger={<IconButton label={t("conversation.menu", { title: shown })}><Ellipsis aria-hidden="true" /></IconButton>} />
        {conversation.shared ? <Button variant="quiet" size="sm" onClick={() => setSharing(true)}><Users aria-hidden="true" /><span className="max-sm:sr-only">{t("share.isShared")}</span></Button> : null}
      </span>
      {sharing ? <Suspense><ShareDialog id={conversation.id} title={shown} onClose={() => setSharing(false)} /></Suspense> : null}
    </div>
  );
}

/** On small screens the title stands beside the drawer button instead. */
export function ConversationHeader({ conversation }: { conversation: Conversation }) {
  return (
    <header className="sticky top-0 z-10 hidden min-h-14 items-center border-b border-line bg-canvas px-6 lg:flex print:static print:flex">
      <ConversationTitle conversation={conversation} />
    </header>
  );
}
