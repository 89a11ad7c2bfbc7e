// The live regions of the whole app, one that waits and one for what went wrong, and short notes that float for a while.
// Focus never moves for any of them, and a note that closes gives it back.
import { X } from "lucide-react";
import { useRef, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import { cx } from "./cx";
import { useGivesFocusBack } from "./GivesFocusBack";

type Tone = "ok" | "danger";

interface Toast {
  id: number;
  text: string;
  tone: Tone;
}

const shownForMs = 6_000;
const listeners = new Set<() => void>();
let said: Readonly<Record<Tone, string>> = { ok: "", danger: "" };
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

/** Somebody who is at a note, by keyboard or pointer, keeps it. */
function dismissUnheld(id: number): void {
  if (document.querySelector(`[data-toast="${id}"]:is(:hover, :focus-within)`)) setTimeout(() => dismissUnheld(id), shownForMs);
  else dismiss(id);
}

/** Tells screen readers only: when they have finished their sentence, or at once what went wrong. */
export function announce(text: string, tone: Tone = "ok"): void {
  // The same sentence twice is only read twice if the text differs.
  said = { ...said, [tone]: said[tone] === text ? `${text}\u00a0` : text };
  changed();
}

/** Shows a short note and says it. Errors stay until dismissed. */
export function notify(text: string, tone: Tone = "ok"): void {
  const toast: Toast = { id: nextId++, text, tone };
  toasts = [...toasts.slice(-2), toast];
  announce(text, tone);
  if (tone === "ok") setTimeout(() => dismissUnheld(toast.id), shownForMs);
}

export function Announcer() {
  const texts = useSyncExternalStore(subscribe, () => said);
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <>
      <div role="status" aria-live="polite" className="sr-only">{texts.ok}</div>
      <div aria-live="assertive" aria-atomic="true" className="sr-only">{texts.danger}</div>
      {/* Over the bar with the title, beside the way to the list: below are the message field and the newest words. */}
      <div className="pointer-events-none fixed top-1 right-2 left-13 z-60 flex flex-col items-end gap-2 lg:right-6">
        {shown.map((toast) => <ToastNote key={toast.id} toast={toast} />)}
      </div>
    </>
  );
}

function ToastNote({ toast }: { toast: Toast }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  useGivesFocusBack(box);
  return (
    <div
      ref={box}
      data-toast={toast.id}
      className={cx(
        "pointer-events-auto flex max-w-lg items-center gap-3 rounded-lg border bg-raised py-1.5 pr-1.5 pl-4 text-sm shadow-float",
        toast.tone === "danger" ? "border-danger text-danger" : "border-line",
      )}
    >
      <span className="py-1">{toast.text}</span>
      <IconButton label={t("action.close")} onClick={() => dismiss(toast.id)}><X aria-hidden="true" /></IconButton>
    </div>
  );
}
