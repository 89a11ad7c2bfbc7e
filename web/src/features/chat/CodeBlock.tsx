// A block of code: copy, wrap, and colours once its fence has closed. Colouring is lazy and never blocks a frame.
import { Check, Copy, WrapText } from "lucide-react";
import { memo, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/Button";
import { useCopy } from "@/ui/useCopy";
import { cx } from "@/ui/cx";
import type { Piece } from "./highlight";
import { whenIdle } from "./whenIdle";

const maxHighlightedChars = 40_000;

function useHighlight(text: string, lang: string, closed: boolean): readonly Piece[] | null {
  const [result, setResult] = useState<{ text: string; pieces: readonly Piece[] | null } | null>(null);
  const wanted = closed && lang !== "" && text.length <= maxHighlightedChars;
  useEffect(() => {
    if (!wanted) return undefined;
    let current = true;
    const cancel = whenIdle(() => {
      void import("./highlight").then(({ highlight }) => current && setResult({ text, pieces: highlight(text, lang) }));
    });
    return () => {
      current = false;
      cancel();
    };
  }, [text, lang, wanted]);
  return result?.text === text ? result.pieces : null;
}

function paint(pieces: readonly Piece[]): ReactNode {
  return pieces.map((piece, index) => (typeof piece === "string" ? piece : <span key={index} className={piece.className}>{paint(piece.children)}</span>));
}

export const CodeBlock = memo(function CodeBlock({ text, lang, closed }: { text: string; lang: string; closed: boolean }) {
  const { t } = useTranslation(["chat", "common"]);
  const [wraps, setWraps] = useState(false);
  const { copied, copy } = useCopy();
  const language = lang.split(/\s/)[0]?.toLowerCase() ?? "";
  const pieces = useHighlight(text, language, closed);
  return (
    <div className="code-frame group">
      <div data-page-only className="flex items-center justify-between gap-2 border-b border-line py-0.5 pr-1 pl-3.5 font-sans text-xs text-muted">
        <span>{language || t("code.plain")}</span>
        <span className="flex">
          <IconButton label={t("code.wrap")} aria-pressed={wraps} onClick={() => setWraps(!wraps)} className={cx(wraps && "bg-hover text-ink")}>
            <WrapText aria-hidden="true" />
          </IconButton>
          <IconButton label={copied ? t("copy.done") : t("code.copy")} onClick={() => copy(text)}>
            {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
          </IconButton>
        </span>
      </div>
      {/* Scrollable regions must be focusable, or the keyboard can't scroll them. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} aria-label={t("code.label", { language: language || t("code.plain") })} className={wraps ? "whitespace-pre-wrap" : undefined}>
        <code>{pieces ? paint(pieces) : text}</code>
      </pre>
    </div>
  );
});
