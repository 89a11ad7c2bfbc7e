// Tests a stored connection from the list, live, without leaving it.
import { useEffect, useReducer, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { testPath, useRefresh } from "./queries";
import { advance, idleRun } from "./stages";
import { TestPanel } from "./TestPanel";
import type { ConnectionView } from "./types";
import { useRunTexts } from "./useRunTexts";
import { useStagedTest } from "./useStagedTest";

export function TestDialog({ connection, onClose }: { connection: ConnectionView; onClose: () => void }) {
  const { t } = useTranslation("connections");
  const [run, dispatch] = useReducer(advance, null, idleRun);
  const staged = useStagedTest(dispatch);
  const refresh = useRefresh();
  const texts = useRunTexts(run, true);
  const begin = () => void staged.start(testPath(connection.id)).then(refresh);
  const first = useRef(begin);
  useEffect(() => first.current(), []);
  return (
    <Dialog wide open onClose={onClose} title={t("test_dialog.title", { name: connection.name })}>
      <TestPanel
        run={run}
        stored
        className="shrink-0"
        footer={
          <>
            <Button busy={run.status === "running"} onClick={begin}>{t("test.again")}</Button>
            {run.status === "running" ? null : <Button variant="quiet" onClick={() => void texts.copy()}>{t("test.copy")}</Button>}
          </>
        }
      />
    </Dialog>
  );
}
