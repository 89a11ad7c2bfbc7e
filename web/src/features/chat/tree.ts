// Messages form a tree; a person sees one branch of it. Pure functions over what the server sent.
import type { Schemas } from "@/api/client";

export type Message = Schemas["MessageView"];
export type Conversation = Schemas["ConversationView"];

export interface Turn {
  message: Message;
  /** Other versions of this message, itself included, oldest first. */
  siblings: readonly string[];
}

function byTime(a: Message, b: Message): number {
  return a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0;
}

function childrenByParent(messages: readonly Message[]): Map<string | null, Message[]> {
  const children = new Map<string | null, Message[]>();
  for (const message of messages) {
    const list = children.get(message.parent_id);
    if (list) list.push(message);
    else children.set(message.parent_id, [message]);
  }
  // Stable: the server's order decides between equal times.
  for (const list of children.values()) list.sort(byTime);
  return children;
}

const known = new WeakMap<Message, Turn>();

/** The same turn as before where nothing of it changed: what shows it then has nothing to do. */
function turnOf(message: Message, versions: readonly Message[]): Turn {
  const before = known.get(message);
  if (before && before.siblings.length === versions.length && versions.every((one, at) => one.id === before.siblings[at])) return before;
  const turn = { message, siblings: versions.map((one) => one.id) };
  known.set(message, turn);
  return turn;
}

/** The branch that ends at the head, oldest first. */
export function visibleBranch(conversation: Conversation): Turn[] {
  const byId = new Map(conversation.messages.map((m) => [m.id, m]));
  const children = childrenByParent(conversation.messages);
  const branch: Turn[] = [];
  const seen = new Set<string>();
  let at = conversation.head_id ? byId.get(conversation.head_id) : undefined;
  while (at && !seen.has(at.id)) {
    seen.add(at.id);
    branch.push(turnOf(at, children.get(at.parent_id) ?? []));
    at = at.parent_id ? byId.get(at.parent_id) : undefined;
  }
  return branch.toReversed();
}

/** The newest message below the given one: showing a version means showing how it went on. */
export function newestLeaf(conversation: Conversation, from: string): string {
  const children = childrenByParent(conversation.messages);
  let at = from;
  for (;;) {
    const next = children.get(at)?.at(-1);
    if (!next) return at;
    at = next.id;
  }
}

/** Puts messages in, or replaces them, and shows the branch that ends with the last one. */
export function withMessages(conversation: Conversation, changed: readonly Message[], head?: string): Conversation {
  const replaced = new Map(changed.map((m) => [m.id, m]));
  const kept = conversation.messages.map((m) => {
    const next = replaced.get(m.id);
    replaced.delete(m.id);
    return next ?? m;
  });
  return { ...conversation, messages: [...kept, ...replaced.values()], head_id: head ?? conversation.head_id };
}

/** What an answer answers. */
export function questionOf(conversation: Conversation | undefined, answerId: string): Message | undefined {
  const answer = conversation?.messages.find((m) => m.id === answerId);
  return conversation?.messages.find((m) => m.id === answer?.parent_id);
}

/** What a new message follows. Nothing follows a question that was not asked: its words would go along. It takes that one's place, beside it. */
export function followed(conversation: Conversation | null): string | null {
  const last = conversation?.messages.find((m) => m.id === conversation.head_id);
  return last?.unasked ? last.parent_id : (conversation?.head_id ?? null);
}

/** The reply that is being written on this branch, if any. */
export function runningReply(branch: readonly Turn[]): string | null {
  return branch.findLast((turn) => turn.message.reply?.state === "running")?.message.reply?.reply_id ?? null;
}

/** The model that answered last on this branch; where none did, because it was not asked yet, elsewhere in the conversation. */
export function lastModel(branch: readonly Turn[], conversation: Conversation | null): string | null {
  const answers = branch.map((turn) => turn.message.reply);
  // Of a blind comparison that is not judged, nobody knows.
  const isAnswer = (reply: Message["reply"] | undefined) => Boolean(reply?.model_ref);
  return (answers.findLast(isAnswer) ?? conversation?.messages.findLast((m) => isAnswer(m.reply))?.reply)?.model_ref ?? null;
}
