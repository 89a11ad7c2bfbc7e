// Stops what is being written here: one answer, or all of a comparison.
import { useCallback, useState } from "react";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { stopReply } from "./data";

/** `running`: ids of the replies, with spaces between them; null when nothing is being written. */
export function useStop(running: string | null): { stop: () => void; isStopping: boolean } {
  const [stopping, setStopping] = useState<string | null>(null);
  const stop = useCallback(() => {
    if (running === null) return;
    setStopping(running);
    Promise.all(running.split(" ").map(stopReply)).catch((error: unknown) => {
      setStopping(null);
      notify(asProblem(error).message, "danger");
    });
  }, [running]);
  return { stop, isStopping: stopping !== null && stopping === running };
}
