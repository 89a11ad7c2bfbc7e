// Follows one staged test. A stream that ends without its last event counts as broken, never as passed.
import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, ProblemError, send } from "@/api/client";
import { readEvents } from "@/stream/sse";
import { CUT, type TestEvent } from "./stages";
import type { Problem, StageView, TestFinished } from "./types";

export interface StagedTest {
  /** Resolves with the result, or null if the test was stopped or could not be followed. */
  start: (path: string, body?: unknown) => Promise<TestFinished | null>;
  stop: () => void;
}

async function followTest(path: string, body: unknown, signal: AbortSignal, onEvent: (event: TestEvent) => void) {
  const response = await send("POST", path, { body: body ?? {}, signal, headers: { Accept: "text/event-stream" } });
  let finished: TestFinished | null = null;
  await readEvents(response, ({ event, data }) => {
    if (event === "stage") onEvent({ type: "stage", stage: JSON.parse(data) as StageView });
    if (event === "finished") {
      finished = JSON.parse(data) as TestFinished;
      onEvent({ type: "finished", finished });
    }
    // The test itself could not go on, and the server says why.
    if (event === "problem") throw new ProblemError(response.status, JSON.parse(data) as Problem, null);
  });
  return finished as TestFinished | null;
}

export function useStagedTest(onEvent: (event: TestEvent) => void): StagedTest {
  const { t } = useTranslation();
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const start = useCallback(
    async (path: string, body?: unknown) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      // Whatever an earlier test still sends must not show up in this one.
      const tell = (event: TestEvent) => (controller.signal.aborted ? undefined : onEvent(event));
      tell({ type: "started" });
      try {
        const finished = await followTest(path, body, controller.signal, tell);
        const cut = { code: CUT, message: t("error.offline"), retryable: true } as Problem;
        if (!finished) tell({ type: "broke", problem: cut });
        return controller.signal.aborted ? null : finished;
      } catch (error) {
        tell({ type: "broke", problem: asProblem(error) });
        return null;
      }
    },
    [onEvent, t],
  );

  const stop = useCallback(() => {
    running.current?.abort();
    onEvent({ type: "reset" });
  }, [onEvent]);

  return { start, stop };
}
