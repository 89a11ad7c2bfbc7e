// The last stored test, and a new one live in the same place.
import { useReducer } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { testPath, useRefresh } from "./queries";
import { Section, type SectionProps } from "./Section";
import { advance, idleRun, runOf, wasRefused } from "./stages";
import { TestPanel } from "./TestPanel";
import { useRunTexts } from "./useRunTexts";
import { useStagedTest } from "./useStagedTest";

export function TestSection({ connection, isReadOnly }: SectionProps) {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  const [live, dispatch] = useReducer(advance, null, idleRun);
  const staged = useStagedTest(dispatch);
  const refresh = useRefresh();
  const stored = connection.last_test;
  // A test that never began says so above; what is known stays in sight.
  const isLive = live.status !== "idle" && !wasRefused(live);
  const run = isLive ? live : stored ? runOf(stored.stages) : idleRun();
  const texts = useRunTexts(run, true);
  const begin = () => void staged.start(testPath(connection.id)).then(refresh);
  return (
    <Section id="test" title={t("page.test")}>
      {!isLive && !stored ? <p className="text-muted">{t("test.never")}</p> : null}
      {wasRefused(live) ? <Note tone="warn">{live.problem?.message}</Note> : null}
      <TestPanel
        run={run}
        stored
        {...(!isLive && stored ? { subtitle: t("test.stored_at", { at: formats.dateTime(stored.at) }) } : {})}
        footer={
          <>
            {live.status === "running" ? <Button onClick={staged.stop}>{t("test.stop")}</Button> : <Button aria-disabled={isReadOnly} onClick={isReadOnly ? undefined : begin}>{t("test.now")}</Button>}
            {run.status === "finished" ? <Button variant="quiet" onClick={() => void texts.copy()}>{t("test.copy")}</Button> : null}
          </>
        }
      />
    </Section>
  );
}
