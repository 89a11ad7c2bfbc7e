// An answer is asked for at once where nothing is lost; else after somebody has read what its model would not get.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys, modelsQuery } from "@/api/queries";
import { announce } from "@/ui/Announcer";
import { useMounted } from "@/ui/useMounted";
import type { Again } from "../data";
import type { Conversation } from "../tree";
import type { AskBeforeProps } from "./AskBefore";
import type { Withheld } from "./kinds";
import { againWish, foreseenQuery, holdsBack, isSaid } from "./useForeseen";

export interface ToldBefore {
  /** Stable as long as `go` is. */
  ask: (wish: Again) => void;
  dialog: AskBeforeProps | null;
}

const mostWaitMs = 5_000;

/** `go` sends, unless something else was sent meanwhile (`locked`), which is said, or the person has left. What can't be told in time stops nobody: the receipt tells it. */
export function useToldBefore(conversationId: string | null, locked: boolean, go: (wish: Again) => void): ToldBefore {
  const { t } = useTranslation("chat");
  const client = useQueryClient();
  const mounted = useMounted();
  // Of two presses one counts. The buttons stay as they are: focus comes back to them.
  const isAsking = useRef(false);
  const isLocked = useRef(locked);
  useLayoutEffect(() => void (isLocked.current = locked), [locked]);
  const [dialog, setDialog] = useState<AskBeforeProps | null>(null);
  const ask = useCallback(async (wish: Again) => {
    if (isAsking.current) return;
    isAsking.current = true;
    const known = client.getQueryData<Conversation>(keys.conversation(conversationId ?? ""));
    const receipt = known?.messages.find((one) => one.id === wish.messageId)?.reply;
    const ref = wish.modelRef ?? receipt?.model_ref;
    const query = foreseenQuery(againWish(conversationId ?? "", wish.messageId, ref ?? "", wish.way === "continue"));
    const tooLate = new Promise<null>((done) => setTimeout(done, mostWaitMs, null));
    const foreseen = ref ? await Promise.race([client.fetchQuery(query).catch(() => null), tooLate]) : null;
    const end = () => ((isAsking.current = false), setDialog(null));
    const send = () => (end(), go(wish));
    if (!mounted.current) return;
    if (isLocked.current) return (end(), announce(t("regenerate.dropped")));
    const before: Withheld | null = ref === receipt?.model_ref ? (receipt?.withheld ?? null) : null;
    if (!foreseen || !holdsBack(foreseen.withheld) || isSaid(before, foreseen.withheld)) return send();
    const modelName = client.getQueryData(modelsQuery.queryKey)?.models.find((one) => one.ref === ref)?.name ?? "";
    setDialog({ foreseen, modelName, onSend: send, onStay: end });
  }, [client, conversationId, go, mounted, t]);
  return { ask, dialog };
}
