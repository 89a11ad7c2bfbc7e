// A link to one message (#m-…): shows the version it is in, then brings it into sight and gives it the focus.
import { useEffect, useRef } from "react";
import { useLocation, useNavigationType } from "react-router";
import { type Conversation, newestLeaf, type Turn } from "./tree";

export interface MessageLink {
  /** The message that the address names, if it is in this conversation. */
  wantedId: string | null;
}

export function useMessageLink(conversation: Conversation | null, branch: readonly Turn[], moveTo: (messageId: string) => void, onFound: () => void): MessageLink {
  const { hash, key, search } = useLocation();
  const isReplaced = useNavigationType() === "REPLACE";
  const named = hash.startsWith("#m-") ? hash.slice(3) : null;
  const wantedId = named && conversation?.messages.some((message) => message.id === named) ? named : null;
  const isShown = wantedId !== null && branch.some((turn) => turn.message.id === wantedId);
  // Once for each time the link is followed: later the reader goes where they like.
  const followed = useRef<{ link: string; id: string; search: string } | null>(null);
  const moved = useRef<string | null>(null);
  useEffect(() => {
    const link = `${key} ${wantedId}`;
    if (!conversation || !wantedId || followed.current?.link === link) return;
    // A search is narrowed in place: whoever does it has gone nowhere.
    if (isReplaced && followed.current?.id === wantedId && followed.current.search !== search) {
      followed.current = { link, id: wantedId, search };
      return;
    }
    if (!isShown) {
      // A move that fails is not tried again: its error is on the page.
      if (moved.current !== link) moveTo(newestLeaf(conversation, wantedId));
      moved.current = link;
      return;
    }
    followed.current = { link, id: wantedId, search };
    onFound();
    const turn = document.getElementById(`m-${wantedId}`);
    turn?.focus({ preventScroll: true });
    turn?.scrollIntoView({ block: "center" });
  }, [conversation, wantedId, isShown, key, search, isReplaced, moveTo, onFound]);
  return { wantedId };
}
