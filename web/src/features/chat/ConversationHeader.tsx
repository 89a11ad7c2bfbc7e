// The title of the conversation, with renaming and deleting behind one button.
import { Ellipsis } from "lucide-react";
import { IconButton } from "@/ui/Button";
import { useTranslation } from "react-i18next";
import { ConversationMenu } from "./ConversationMenu";

export function ConversationTitle({ id, title }: { id: string; title: string }) {
  const { t } = useTranslation(["chat", "common"]);
  const shown = title || t("title.new");
  return (
    <div className="flex min-w-0 items-center gap-1.5">
      <h1 className="min-w-0 truncate text-base font-bold" title={shown}>{shown}</h1>
      <ConversationMenu id={id} title={shown} trigger={<IconButton label={t("conversation.menu", { title: shown })}><Ellipsis aria-hidden="true" /></IconButton>} />
    </div>
  );
}

/** On small screens the title stands beside the drawer button instead. */
export function ConversationHeader(props: { id: string; title: string }) {
  return (
    <header className="sticky top-0 z-10 hidden min-h-14 items-center border-b border-line bg-canvas px-6 lg:flex">
      <ConversationTitle {...props} />
    </header>
  );
}
