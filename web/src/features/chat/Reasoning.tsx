// How a model reasoned, folded away. While it thinks one can open it; opening it stops the page from following the end.
import { ChevronRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { announce } from "@/ui/Announcer";

export interface ReasoningProps {
  name: string;
  text: string;
  isThinking: boolean;
  /** When it began, by the clock of the page; null if that is not known here. */
  since: number | null;
  thoughtMs: number | null;
  /** Says nothing aloud: several think at once. */
  silent?: boolean;
}

const thinksAfterMs = 600;

export function Reasoning({ name, text, isThinking, since, thoughtMs, silent = false }: ReasoningProps) {
  const { t } = useTranslation(["chat", "common"]);
  const wholeSeconds = useWholeSeconds();
  const title = thoughtMs === null || thoughtMs < 1_000 ? t("reasoning.title") : t("reasoning.took", { time: wholeSeconds(thoughtMs) });
  const wasThinking = useRef(false);
  useEffect(() => {
    if (!isThinking && wasThinking.current && !silent) announce(title);
    wasThinking.current = isThinking;
    if (!isThinking || silent) return undefined;
    // After "… is answering", which is said when the answer begins; thinking that is over by then is not worth a word.
    const timer = setTimeout(() => announce(t("live.thinking", { name })), thinksAfterMs);
    return () => clearTimeout(timer);
  }, [isThinking, name, title, silent, t]);
  return (
    <details className="group/fold mb-3 text-sm text-muted">
      <summary className="inline-flex min-h-8 items-center gap-1.5 rounded font-semibold hover:text-ink">
        <ChevronRight aria-hidden="true" className="size-4 transition-transform group-open/fold:rotate-90 motion-reduce:transition-none" />
        {isThinking ? t("reasoning.running") : title}
        {isThinking && since !== null ? <Clock since={since} /> : null}
      </summary>
      <div className="mt-1 border-l-2 border-line pl-3 whitespace-pre-wrap wrap-anywhere">{text}</div>
    </details>
  );
}

function useWholeSeconds(): (ms: number) => string {
  const { duration } = useFormats();
  return (ms) => duration(Math.max(1, Math.round(ms / 1_000)) * 1_000);
}

/** Seconds that pass. Not for the ear: a screen reader would count along. */
function Clock({ since }: { since: number }) {
  const wholeSeconds = useWholeSeconds();
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now - since < 1_000 ? null : <span aria-hidden="true" className="tnum font-normal">{wholeSeconds(now - since)}</span>;
}
