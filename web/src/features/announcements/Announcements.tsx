// What the operator tells everybody, over the page until it ends or is closed. Closing is kept in this browser alone.
import { useQuery } from "@tanstack/react-query";
import { CircleAlert, Megaphone, X } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { api, type Schemas } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { IconButton } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { type Closed, isOpen, readClosed, withClosed, writeClosed } from "./closed";

type One = Schemas["AnnouncementView"];
const LOOK_AGAIN_MS = 300_000;

export default function Announcements() {
  const { i18n } = useTranslation();
  const { me } = useSignedIn();
  // At the desk they stand in a list of their own, and would lie over its buttons.
  const isAtDesk = useLocation().pathname.startsWith("/operator");
  const [closed, setClosed] = useState<Closed>(() => readClosed(me.id));
  const { data } = useQuery({
    queryKey: ["announcements", i18n.language],
    queryFn: ({ signal }) => api.get<Schemas["AnnouncementList"]>("/api/announcements", signal),
    staleTime: LOOK_AGAIN_MS,
    refetchInterval: LOOK_AGAIN_MS,
  });
  const shown = data?.announcements.filter((one) => isOpen(closed, one)) ?? [];
  const close = (one: One) => {
    const next = withClosed(closed, one, data?.announcements ?? []);
    writeClosed(me.id, next);
    setClosed(next);
    // The button that had the focus goes with its note.
    document.querySelector<HTMLElement>("#main")?.focus();
  };
  if (isAtDesk || shown.length === 0) return null;
  return (
    <div className="pointer-events-none fixed top-14 right-2 left-2 z-40 flex max-h-[60dvh] flex-col items-end gap-2 overflow-y-auto lg:right-6 lg:left-auto">
      {shown.map((one) => <Card key={`${one.id} ${one.edition}`} announcement={one} onClose={() => close(one)} />)}
    </div>
  );
}

function Card({ announcement, onClose }: { announcement: One; onClose: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const isWarning = announcement.kind === "warning";
  const Icon = isWarning ? CircleAlert : Megaphone;
  return (
    <section aria-labelledby={id} className={cx("pointer-events-auto flex w-full max-w-md items-start gap-3 rounded-lg border bg-raised py-2 pr-1.5 pl-4 text-sm shadow-float", isWarning ? "border-warn" : "border-line")}>
      <Icon aria-hidden="true" className={cx("mt-1.5 size-4 shrink-0", isWarning ? "text-warn" : "text-accent")} />
      <p id={id} className="min-w-0 flex-1 py-1 whitespace-pre-line wrap-anywhere">{announcement.text}</p>
      <IconButton label={t("action.close")} onClick={onClose}><X aria-hidden="true" /></IconButton>
    </section>
  );
}
