// What a page shows when there is nothing, when something failed, and when somebody may not look. Each says what to do.
import { CircleAlert, Info, Lock } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { Button } from "./Button";
import { cx } from "./cx";
import { useGivesFocusBack } from "./GivesFocusBack";

export function EmptyState({ title, children, actions, icon }: { title: string; children?: ReactNode; actions?: ReactNode; icon?: ReactNode }) {
  return (
    <section className="flex max-w-xl flex-col items-start gap-3 py-6">
      {icon ? <div className="text-muted [&_svg]:size-6">{icon}</div> : null}
      <h2 className="text-lg">{title}</h2>
      {children ? <div className="text-muted">{children}</div> : null}
      {actions ? <div className="flex flex-wrap gap-2 pt-1">{actions}</div> : null}
    </section>
  );
}

/** `error` is anything thrown; its sentence is shown. `onRetry` adds "Try again". */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  return (
    <section role="alert" className="flex max-w-xl flex-col items-start gap-3 py-6">
      <h2 className="flex items-center gap-2 text-lg"><CircleAlert aria-hidden="true" className="size-5 text-danger" />{t("error.title")}</h2>
      <p className="text-muted">{asProblem(error).message}</p>
      {onRetry ? <Button onClick={onRetry}>{t("action.tryAgain")}</Button> : null}
    </section>
  );
}

export function NoPermission({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  return <EmptyState icon={<Lock aria-hidden="true" />} title={t("noPermission.title")}>{children ?? t("noPermission.text")}</EmptyState>;
}

const noteTones = { info: "border-line bg-surface", warn: "border-warn/40 bg-warn-wash", danger: "border-danger/40 bg-danger-wash", ok: "border-ok/40 bg-ok-wash" };

export interface NoteProps {
  tone?: keyof typeof noteTones;
  /** Somebody else tells it aloud; else what is dangerous is told when it comes up. */
  silent?: boolean;
  children: ReactNode;
  actions?: ReactNode;
}

/** A sentence that has to be seen, in the flow of the page. */
export function Note({ tone = "info", silent = false, children, actions }: NoteProps) {
  const box = useRef<HTMLDivElement>(null);
  useGivesFocusBack(box);
  const Icon = tone === "info" || tone === "ok" ? Info : CircleAlert;
  return (
    <div ref={box} role={tone === "danger" && !silent ? "alert" : "note"} className={cx("flex items-start gap-3 rounded-lg border px-3.5 py-2.5 text-sm", noteTones[tone])}>
      <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <div className="flex min-w-0 flex-1 flex-wrap items-start gap-x-3 gap-y-2">
        <div className="min-w-0 flex-1 basis-48">{children}</div>
        {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
      </div>
    </div>
  );
}
