// Replaces the key, or address and key together. The server tests the new one first and swaps only if that passes (P10).
import { type FormEvent, useReducer, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { AddressField, AuthStyleField, KeyField } from "./EndpointFields";
import { endpointPath, useRefresh } from "./queries";
import { Section, type SectionProps } from "./Section";
import { advance, fieldProblem, idleRun, type TestRun, wasRefused } from "./stages";
import { TestPanel } from "./TestPanel";
import type { AuthStyle, ConnectionView, EndpointReplace } from "./types";
import { useRunTexts } from "./useRunTexts";
import { useStagedTest } from "./useStagedTest";

type What = "key" | "both";

export function EndpointSection({ connection, isReadOnly }: SectionProps) {
  const { t } = useTranslation("connections");
  const [what, setWhat] = useState<What | null>(null);
  const choose = (next: What) => setWhat(what === next ? null : next);
  return (
    <Section id="key" title={t("page.key")}>
      <div className="flex flex-col gap-1 text-sm">
        <KeyLine connection={connection} />
        <p className="text-muted">{t("page.key_secret")}</p>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button aria-expanded={what === "key"} disabled={isReadOnly} onClick={() => choose("key")}>{t("page.replace_key")}</Button>
        <Button aria-expanded={what === "both"} disabled={isReadOnly} onClick={() => choose("both")}>{t("page.replace_both")}</Button>
      </div>
      {what ? <ReplaceForm key={what} what={what} connection={connection} onClose={() => setWhat(null)} /> : null}
    </Section>
  );
}

function KeyLine({ connection: { key } }: { connection: ConnectionView }) {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  if (!key.present) return <p>{t("page.key_none")}</p>;
  return <p className="font-semibold">{t("page.key_line", { number: key.number, date: formats.date(key.set_at), name: key.set_by })}</p>;
}

function ReplaceForm({ what, connection, onClose }: { what: What; connection: ConnectionView; onClose: () => void }) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const [url, setUrl] = useState("");
  const [apiKey, setApiKey] = useState("");
  const [authStyle, setAuthStyle] = useState<AuthStyle>("auto");
  const [run, dispatch] = useReducer(advance, null, idleRun);
  const staged = useStagedTest(dispatch);
  const refresh = useRefresh();
  const isRunning = run.status === "running";
  const isReady = what === "key" ? apiKey !== "" : url.trim() !== "";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isReady || isRunning) return;
    const body: EndpointReplace = { base_url: what === "key" ? null : url.trim(), api_key: apiKey, auth_style: authStyle };
    const finished = await staged.start(endpointPath(connection.id), body);
    if (!finished?.passed) return;
    setApiKey("");
    setUrl("");
    await refresh();
  };
  return (
    <div className="grid items-start gap-6 xl:grid-cols-2">
      <form noValidate onSubmit={(event) => void submit(event)} className="flex min-w-0 flex-col gap-4">
        <p className="text-sm text-muted">{t("page.replace_lead")} {what === "both" ? t("page.both_help") : null}</p>
        {what === "both" ? <AddressField label={t("page.new_url")} value={url} disabled={isRunning} error={fieldProblem(run, "base_url")} onChange={setUrl} /> : null}
        <KeyField label={t("page.new_key")} value={apiKey} disabled={isRunning} error={fieldProblem(run, "api_key")} onChange={setApiKey} />
        <AuthStyleField value={authStyle} onChange={setAuthStyle} />
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" busy={isRunning} aria-disabled={!isReady}>{t("page.test_and_swap")}</Button>
          <Button onClick={onClose}>{run.finished?.passed ? common("action.close") : common("action.cancel")}</Button>
        </div>
      </form>
      {run.status === "idle" ? null : (
        <div className="flex min-w-0 flex-col gap-3">
          <Outcome run={run} what={what} />
          {wasRefused(run) ? null : <ReplaceTest run={run} />}
        </div>
      )}
    </div>
  );
}

function ReplaceTest({ run }: { run: TestRun }) {
  const { t } = useTranslation("connections");
  const texts = useRunTexts(run, true);
  return (
    <TestPanel
      run={run}
      stored
      footer={run.status === "finished" ? <Button variant="quiet" onClick={() => void texts.copy()}>{t("test.copy")}</Button> : null}
    />
  );
}

function Outcome({ run, what }: { run: TestRun; what: What }) {
  const { t } = useTranslation("connections");
  if (run.status === "running") return null;
  if (run.finished?.passed) return <div role="status"><Note tone="ok">{what === "both" ? t("page.swapped_both") : t("page.swapped")}</Note></div>;
  if (wasRefused(run)) return run.problem?.field ? null : <Note tone="danger">{run.problem?.message}</Note>;
  // A cut line leaves it open whether the server went on; the key number above tells.
  if (run.status === "broken") return <Note tone="warn">{t("page.unknown_outcome")}</Note>;
  return <div role="status"><Note tone="warn">{t("page.not_swapped")}</Note></div>;
}
