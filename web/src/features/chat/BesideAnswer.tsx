// What stands beside an answer's words: tools that the model asked for, which nobody here runs, and the sources it names.
import { ChevronRight, ExternalLink, Wrench } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Beside, Source, ToolCall } from "@/stream/beside";
import { CodeBlock } from "./CodeBlock";
import { OuterLink } from "./OuterLink";
import { imageHost, safeHref } from "./safeText";

const keptCalls = 32;

export const BesideAnswer = memo(function BesideAnswer({ beside, isRunning, hasText }: { beside: Beside; isRunning: boolean; hasText: boolean }) {
  const { t } = useTranslation(["chat", "common"]);
  const wanted = beside.calls.filter((call) => !call.ran).length;
  return (
    <div className={hasText ? "flex flex-col gap-3 pt-4" : "flex flex-col gap-3"}>
      {beside.calls.length > 0 ? (
        <div className="flex flex-col gap-1 rounded-lg border border-line bg-surface px-3.5 py-2.5 text-sm">
          {/* Calls are only ever added at the end. */}
          {/* oxlint-disable-next-line react/no-array-index-key */}
          {beside.calls.map((call, index) => <Call key={index} call={call} isWhole={!isRunning || index < beside.calls.length - 1} />)}
          {wanted > 0 && !isRunning ? <p className="text-muted">{t("calls.notRun")}</p> : null}
          {beside.calls.length >= keptCalls ? <p className="text-muted">{t("calls.most", { count: keptCalls })}</p> : null}
        </div>
      ) : null}
      {beside.sources.length > 0 && !isRunning ? <Sources sources={beside.sources} /> : null}
    </div>
  );
});

function Call({ call, isWhole }: { call: ToolCall; isWhole: boolean }) {
  const { t } = useTranslation(["chat", "common"]);
  const name = call.name || t("calls.unnamed");
  const sentence = call.ran ? t("calls.ran", { name }) : t("calls.asked", { name });
  const text = isWhole ? readable(call.arguments) : call.arguments;
  if (text === "" || text === "{}") return <p className="flex min-h-8 items-center gap-2"><CallWords>{sentence}</CallWords></p>;
  return (
    <details className="group/fold">
      <summary className="inline-flex min-h-8 max-w-full items-center gap-2 rounded hover:text-accent"><CallWords>{sentence}</CallWords><FoldMark /></summary>
      <div className="answer pt-1 pb-1.5"><CodeBlock text={text} lang="json" closed={isWhole} /></div>
    </details>
  );
}

function CallWords({ children }: { children: string }) {
  return (
    <>
      <Wrench aria-hidden="true" className="size-4 shrink-0 text-muted" />
      <span className="min-w-0 wrap-anywhere">{children}</span>
    </>
  );
}

function FoldMark() {
  return <ChevronRight aria-hidden="true" className="size-4 shrink-0 transition-transform group-open/fold:rotate-90 motion-reduce:transition-none" />;
}

function Sources({ sources }: { sources: readonly Source[] }) {
  const { t } = useTranslation(["chat", "common"]);
  return (
    <details className="group/fold text-sm">
      <summary className="inline-flex min-h-8 items-center gap-1.5 rounded font-semibold text-muted hover:text-ink"><FoldMark />{t("sources.title", { count: sources.length })}</summary>
      <ol className="mt-1 flex list-decimal flex-col gap-1 pl-7 marker:text-muted">
        {sources.map((source) => <li key={source.url}><SourceLink source={source} /></li>)}
      </ol>
    </details>
  );
}

function SourceLink({ source }: { source: Source }) {
  const href = safeHref(source.url);
  const host = imageHost(source.url) ?? "";
  const label = source.title || source.url;
  if (!href) return <span className="wrap-anywhere">{label}</span>;
  return (
    <span className="wrap-anywhere">
      <OuterLink href={href}>{label}<ExternalLink aria-hidden="true" className="ml-1 inline size-3.5" /></OuterLink>
      {source.title && source.title !== host ? <span className="ml-1.5 text-muted">{host}</span> : null}
    </span>
  );
}

/** JSON with line ends and indents; anything else as it came. */
function readable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
