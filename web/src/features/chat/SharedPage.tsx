// A shared conversation as its readers see it: one version, to read.
import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, ProblemError, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { useFormats } from "@/i18n/format";
import { cutBlocks } from "@/stream/blocks";
import { announce } from "@/ui/Announcer";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState, Note } from "@/ui/States";
import { useDocumentTitle } from "@/ui/useDocumentTitle";
import { BesideAnswer } from "./BesideAnswer";
import { MessageFiles, WithheldAfter } from "./attachments/Late";
import { MarginNote } from "./MarginNote";
import { MarkdownBlock } from "./Markdown";
import { ReplyOutcome } from "./ReplyOutcome";
import { StretchBox, stretchesOf } from "./Stretch";
import { SealMark } from "@/sealing/zones";
import { toldEnd } from "./shareTerm";
import { withTexts } from "./compare/load";
import type { Message } from "./tree";

const UnaskedLine = withTexts(() => import("./UnaskedLine"), "unasked");

// Once taken back, it goes from the page too.
const lookAgainMs = 15_000;

export function Component() {
  const { conversationId = "" } = useParams();
  const { t } = useTranslation(["chat", "common", "sharing"]);
  const { data, error, errorUpdatedAt, refetch } = useQuery({
    queryKey: keys.sharedOne(conversationId),
    queryFn: ({ signal }) => api.get<Schemas["SharedView"]>(`/api/shared-conversations/${conversationId}`, signal),
    refetchInterval: lookAgainMs,
    // Words that somebody may read for a while only are not kept beyond the page, and not shown past it without a network.
    gcTime: 0,
    networkMode: "always",
  });
  const isPast = error !== null && typeof data?.ends_at === "string" && errorUpdatedAt >= Date.parse(data.ends_at);
  const isMissing = error instanceof ProblemError && error.status === 404;
  // It was here a moment ago: its last day is over, or it was taken back.
  const isOver = isMissing && data !== undefined;
  useEffect(() => {
    if (isOver) announce(t("sharing:shared.overTitle"));
  }, [isOver, t]);
  useDocumentTitle(isMissing || !data ? t("shared.title") : data.title || t("title.new"));
  if (data && !isMissing && !isPast) return <Shared view={data} />;
  return (
    <div className="mx-auto w-full max-w-[704px] px-4 py-12">
      {isMissing ? (
        <EmptyState title={t(isOver ? "sharing:shared.overTitle" : "sharing:shared.missingTitle")} actions={<Link to="/shared" className="text-accent underline">{t("sharing:shared.toList")}</Link>}>{t(isOver ? "sharing:shared.overText" : "sharing:shared.missingText")}</EmptyState>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton label={t("common:loading")} lines={5} />
      )}
    </div>
  );
}

function Shared({ view }: { view: Schemas["SharedView"] }) {
  const { t } = useTranslation(["chat", "common", "sharing"]);
  const formats = useFormats();
  return (
    <div className="flex flex-1 flex-col pb-16">
      <header className="thread-grid border-b border-line pt-5 pb-4">
        <div className="flex min-w-0 flex-col gap-2 xl:col-start-2">
          <h1 className="text-xl wrap-anywhere">{view.title || t("title.new")}</h1>
          <SealMark zones={view.sealed_to} />
          {view.is_own ? (
            <Note actions={<Link to={`/c/${view.id}`} className="font-semibold text-accent underline">{t("sharing:shared.toOwn")}</Link>}>{t("sharing:shared.ownView")}</Note>
          ) : (
            <p className="text-sm text-muted">{view.ends_at ? t("sharing:shared.readOnlyUntil", { name: view.owner_name, day: toldEnd(view.ends_at, formats) }) : t("sharing:shared.readOnly", { name: view.owner_name })}</p>
          )}
        </div>
      </header>
      {stretchesOf(view.messages.length, 0).map(({ key, from, to }) => (
        <StretchBox key={key} count={to - from}>
          {view.messages.slice(from, to).map((message) => (message.reply ? <Answer key={message.id} message={message} reply={message.reply} /> : <Question key={message.id} message={message} sharedIn={view.id} />))}
        </StretchBox>
      ))}
    </div>
  );
}

function Question({ message, sharedIn }: { message: Message; sharedIn: string }) {
  const { t } = useTranslation(["chat", "sharing"]);
  const { time } = useFormats();
  const name = message.author ?? "";
  return (
    <article aria-label={t("sharing:shared.question", { name })} className="thread-grid pt-6">
      <p className="pb-1 text-xs text-muted xl:pt-3.5 xl:pb-0 xl:text-right">{t("sharing:shared.asked", { name, time: time(message.created_at) })}</p>
      <div className="min-w-0 xl:col-start-2">
        <MessageFiles files={message.attachments} sharedIn={sharedIn} />
        {message.text ? <div className="rounded-lg border border-line bg-surface px-4 py-2.5 text-read whitespace-pre-wrap wrap-anywhere">{message.text}</div> : null}
        {message.unasked ? <Suspense fallback={null}><UnaskedLine id={message.id} /></Suspense> : null}
      </div>
    </article>
  );
}

function Answer({ message, reply }: { message: Message; reply: NonNullable<Message["reply"]> }) {
  const { t } = useTranslation(["chat", "sharing"]);
  const blocks = useMemo(() => cutBlocks(message.text), [message.text]);
  return (
    <article aria-label={t("turn.answer", { name: reply.model_name })} data-origin={reply.origin} className="turn thread-grid pt-4">
      <div className="pb-2 xl:pb-0"><MarginNote receipt={reply} /></div>
      <div className="relative min-w-0 pl-4 xl:col-start-2 xl:pl-0">
        <div aria-hidden="true" className="absolute inset-y-0 left-0 w-[3px] rounded-full bg-origin xl:-left-6" />
        {/* oxlint-disable-next-line react/no-array-index-key */}
        <div className="answer">{blocks.map((raw, index) => <MarkdownBlock key={index} raw={raw} />)}</div>
        {message.beside ? <BesideAnswer beside={message.beside} isRunning={reply.state === "running"} hasText={blocks.length > 0} /> : null}
        <WithheldAfter withheld={reply.withheld ?? null} modelName={reply.model_name} />
        {reply.state === "running" ? <p className="pt-2 text-sm text-muted">{t("live.running")}</p> : <ReplyOutcome receipt={reply} hasText={blocks.length > 0} />}
      </div>
    </article>
  );
}
