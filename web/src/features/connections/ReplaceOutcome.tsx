// What came of a replacement, or of trying one out: a sentence, and the test below it.
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import type { Pinning } from "./KeyHash";
import type { What } from "./replacing";
import { type TestRun, wasRefused } from "./stages";
import { TestPanel } from "./TestPanel";
import { useRunTexts } from "./useRunTexts";

export type Act = "replace" | "try";

interface ReplaceOutcomeProps {
  run: TestRun;
  what: What;
  act: Act;
  pinning?: Pinning;
}

export function ReplaceOutcome({ run, what, act, pinning }: ReplaceOutcomeProps) {
  const { t } = useTranslation("connections");
  const texts = useRunTexts(run, true);
  if (run.status === "idle") return null;
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Sentence run={run} what={what} act={act} />
      {wasRefused(run) ? null : (
        <TestPanel
          run={run}
          stored
          {...(pinning ? { pinning } : {})}
          footer={run.status === "finished" ? <Button variant="quiet" onClick={() => void texts.copy()}>{t("test.copy")}</Button> : null}
        />
      )}
    </div>
  );
}

const swapped = { key: "page.swapped", certificates: "page.swapped_certificates", both: "page.swapped_both" } as const;

function Sentence({ run, what, act }: ReplaceOutcomeProps) {
  const { t } = useTranslation("connections");
  if (run.status === "running") return null;
  if (wasRefused(run)) return run.problem?.field ? null : <Note tone="danger">{run.problem?.message}</Note>;
  if (act === "try") return <div role="status"><Note>{t("page.only_tested")}</Note></div>;
  if (run.finished?.passed) return <div role="status"><Note tone="ok">{t(swapped[what])}</Note></div>;
  // A cut line leaves it open whether the server went on; the key number above tells.
  if (run.status === "broken") return <Note tone="warn">{t("page.unknown_outcome")}</Note>;
  return <div role="status"><Note tone="warn">{t("page.not_swapped")}</Note></div>;
}
