// One polite live region for the whole app, and short notes that float for a while. Focus never moves for either.
import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import { cx } from "./cx";

interface Toast {
  id: number;
  text: string;
  tone: "ok" | "danger";
}

const shownForMs = 6_000;
const listeners = new Set<() => void>();
let said = "";
let toasts: readonly Toast[] = [];
let nextId = 1;

function changed(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function dismiss(id: number): void {
  toasts = toasts.filter((toast) => toast.id !== id);
  changed();
}

/** Tells screen readers only. */
export function announce(text: string): void {
  // The same sentence twice is only read twice if the text differs.
  said = said === text ? `${text}\u00a0` : text;
  changed();
}

/** Shows a short note and says it. Errors stay until dismissed. */
export function notify(text: string, tone: "ok" | "danger" = "ok"): void {
  const toast: Toast = { id: nextId++, text, tone };
  toasts = [...toasts.slice(-2), toast];
  announce(text);
  if (tone === "ok") setTimeout(() => dismiss(toast.id), shownForMs);
}

export function Announcer() {
  const { t } = useTranslation();
  const text = useSyncExternalStore(subscribe, () => said);
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <>
      <div role="status" aria-live="polite" className="sr-only">{text}</div>
      {/* Over the bar with the title, beside the way to the list: below are the message field and the newest words. */}
      <div className="pointer-events-none fixed top-1 right-2 left-13 z-60 flex flex-col items-end gap-2 lg:right-6">
        {shown.map((toast) => (
          <div
            key={toast.id}
            className={cx(
              "pointer-events-auto flex max-w-lg items-center gap-3 rounded-lg border bg-raised py-1.5 pr-1.5 pl-4 text-sm shadow-float",
              toast.tone === "danger" ? "border-danger text-danger" : "border-line",
            )}
          >
            <span className="py-1">{toast.text}</span>
            <IconButton label={t("action.close")} onClick={() => dismiss(toast.id)}><X aria-hidden="true" /></IconButton>
          </div>
        ))}
      </div>
    </>
  );
}
