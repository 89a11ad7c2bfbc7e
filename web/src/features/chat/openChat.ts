// The chat that is open, for what lies over the page: which models it admits, and what it does with one that is chosen there.
import { useEffect } from "react";
import type { OpenSeal } from "./seal";

export interface OpenChat {
  seal: OpenSeal;
  /** The model that the next message goes to. */
  modelRef: string | null;
  choose: (ref: string) => void;
  /** To the message field. */
  focus: () => void;
}

let open: OpenChat | null = null;

/** Null on every other page, and as long as a conversation is being loaded. */
export const openChat = (): OpenChat | null => open;

export function useAsOpenChat(chat: OpenChat): void {
  useEffect(() => {
    open = chat;
    return () => {
      if (open === chat) open = null;
    };
  });
}
