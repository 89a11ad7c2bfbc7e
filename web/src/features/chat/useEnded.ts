// Tells once that an answer is over. Its stream may have said so, or the conversation was loaded first: by another tab, or because it was quick.
import { useEffect, useRef } from "react";
import type { Schemas } from "@/api/client";

/** `reply`: the last of the branch. `isAwaited`: the page was opened for an answer just asked for. `onEnded` must be stable. */
export function useEnded(reply: Schemas["Receipt"] | null, isAwaited: boolean, onEnded: (receipt: Schemas["Receipt"]) => void): void {
  const awaited = useRef(isAwaited);
  const running = useRef("");
  useEffect(() => {
    const isOurs = awaited.current || running.current === reply?.reply_id;
    awaited.current = false;
    if (!reply) return;
    running.current = reply.state === "running" ? reply.reply_id : "";
    if (isOurs && reply.state !== "running") onEnded(reply);
  }, [reply, onEnded]);
}
