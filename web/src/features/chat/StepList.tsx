// An owner's first steps on the empty page: a few lines, ticked by what really is, each with the way there.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Circle, CircleCheck, X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { modelsQuery, teamQuery } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { Button, buttonClass, IconButton } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { type ConversationLine, conversationQuery, conversationsQuery } from "./data";
import { type StepFacts, type StepId, stepIds, stepsOf, writeLeftOut } from "./firstSteps";

const paths: Record<Exclude<StepId, "answer">, string> = { model: "/settings/models/custom/new", colleague: "/settings/team/members", factor: "/settings/security" };

export interface StepListProps {
  leftOut: readonly StepId[];
  onLeaveOut: (ids: readonly StepId[]) => void;
  /** To the message field. */
  onWrite: () => void;
  /** Stands there when nothing is left to do. */
  otherwise: ReactNode;
}

export function StepList({ leftOut, onLeaveOut, onWrite, otherwise }: StepListProps) {
  const { t } = useTranslation(["chat", "common"]);
  const { t: words } = useTranslation("steps");
  const { me } = useSignedIn();
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const { facts, isWhole } = useFacts(leftOut);
  const steps = facts ? stepsOf(facts, leftOut) : [];
  const isOver = isWhole && steps.length === 0;
  useEffect(() => {
    // From now on nothing is asked for it.
    if (isOver) writeLeftOut(me.id, stepIds);
  }, [isOver, me.id]);
  if (!facts) return null;
  if (steps.length === 0) return otherwise;
  const next = steps.find((step) => !step.done)?.id;
  const leave = (ids: readonly StepId[]) => {
    onLeaveOut(ids);
    // The button that had the keyboard goes with its line.
    if (stepsOf(facts, ids).length > 0) heading.current?.focus();
    else onWrite();
  };
  return (
    <section aria-labelledby={id} className="max-w-xl">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h2 id={id} ref={heading} tabIndex={-1} className="text-lg outline-none">{words("title")}</h2>
        <p className="flex-1 text-sm text-muted">{words("progress", { done: steps.filter((step) => step.done).length, all: steps.length })}</p>
        <Button variant="quiet" size="sm" onClick={() => leave(stepIds)}>{words("leave")}</Button>
      </div>
      <ol className="mt-2 divide-y divide-line border-y border-line">
        {steps.map(({ id: step, done }) => {
          const name = step === "model" ? t("first.connect") : words(`act.${step}`);
          const look = cx(step === next ? buttonClass("primary", "sm") : "inline-flex min-h-6 items-center text-sm hover:underline", done ? "text-muted" : step === next ? null : "font-semibold text-accent");
          return (
            <li key={step} className="grid grid-cols-[1.25rem_minmax(0,1fr)_auto] items-start gap-x-2.5 py-2.5">
              <span className={cx("[&_svg]:size-4.5", step === next ? "pt-2" : "pt-0.5", done ? "text-ok" : "text-muted")}>
                {done ? <CircleCheck aria-hidden="true" /> : <Circle aria-hidden="true" />}
                <span className="sr-only">{words(done ? "done" : "open")}</span>
              </span>
              <div className="flex flex-col items-start gap-1">
                {step === "answer" ? <button type="button" onClick={onWrite} className={cx(look, "text-left")}>{name}</button> : <Link to={paths[step]} className={look}>{name}</Link>}
                {done ? null : <p className="text-sm text-muted">{step === "model" ? t("first.connectText") : words(`text.${step}`)}</p>}
              </div>
              {done ? null : <IconButton label={words("leaveOut", { step: name })} onClick={() => leave([...leftOut, step])}><X aria-hidden="true" /></IconButton>}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** Whether this conversation has an answer; it is loaded whole for that, so only where it is wanted. */
function useHasAnswer(line: ConversationLine | undefined, isWanted: boolean) {
  const enabled = isWanted && line !== undefined;
  const { data, error } = useQuery({ ...conversationQuery(line?.id ?? ""), staleTime: 60_000, enabled });
  const has = enabled && data?.messages.some((message) => message.reply?.state === "done") === true;
  const isRead = !enabled || data !== undefined;
  return { has, isRead, isKnown: isRead || error !== null };
}

/** Of the three newest conversations it is looked whether one has an answer: one after the other, and no further than needed. */
function useFirstAnswer(newest: readonly ConversationLine[], isWanted: boolean) {
  const one = useHasAnswer(newest[0], isWanted);
  const two = useHasAnswer(newest[1], isWanted && one.isKnown && !one.has);
  const three = useHasAnswer(newest[2], isWanted && one.isKnown && two.isKnown && !one.has && !two.has);
  const all = [one, two, three];
  return { has: all.some((looked) => looked.has), isKnown: all.every((looked) => looked.isKnown), isRead: all.every((looked) => looked.isRead) };
}

/** Null until they are known. What could not be read counts as not known, and is not listed; then they are not whole. */
function useFacts(leftOut: readonly StepId[]): { facts: StepFacts | null; isWhole: boolean } {
  const { me } = useSignedIn();
  const models = useQuery(modelsQuery);
  const team = useQuery(teamQuery);
  const list = useInfiniteQuery(conversationsQuery);
  const first = list.data?.pages[0];
  const answer = useFirstAnswer(first ? [...first.conversations, ...first.pinned] : [], !leftOut.includes("answer"));
  if (models.isPending || team.isPending || list.isPending || !answer.isKnown) return { facts: null, isWhole: false };
  const mine = team.data?.members.find((member) => member.is_me);
  const facts: Partial<Record<StepId, boolean>> = {};
  // The prepared answers of the demo are no model.
  if (models.data) facts.model = models.data.models.some((model) => model.available && model.origin !== "scripted");
  if (first) facts.answer = answer.has;
  // A plan for one person has no room for a second.
  if (team.data && (team.data.members.length > 1 || team.data.includes.members !== 1)) facts.colleague = team.data.members.length > 1 || team.data.invitations.length > 0;
  // Whom an identity provider vouches for has it there.
  if (mine && !me.is_bound && typeof mine.has_second_factor === "boolean") facts.factor = mine.has_second_factor;
  return { facts, isWhole: Boolean(models.data && team.data && first) && answer.isRead };
}
