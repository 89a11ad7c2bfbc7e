// The test of a provider, stage by stage; the last stage is one's own: to sign in there and come back.
import { Check, CircleDashed, Minus, TriangleAlert, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useTrialSignIn } from "@/api/provider";
import { useFormats } from "@/i18n/format";
import { announce } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { Spinner } from "@/ui/Spinner";
import { Note } from "@/ui/States";
import { type Provider, type Stage, testProvider } from "./providerQueries";

const stages = ["url", "dns", "address", "tcp", "tls", "discovery", "keys"] as const;
const icons = { passed: Check, warned: TriangleAlert, failed: X, skipped: Minus, waiting: CircleDashed } as const;
const tones = { passed: "text-ok", warned: "text-warn", failed: "text-danger", skipped: "text-muted", running: "text-muted", waiting: "text-muted" } as const;

type Rows = Partial<Record<Stage["stage"], Stage>>;

export function ProviderTest({ provider }: { provider: Provider }) {
  const { t } = useTranslation("identity");
  const [rows, setRows] = useState<Rows | null>(null);
  const [outcome, setOutcome] = useState<"running" | "passed" | "failed" | null>(null);
  const [error, setError] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const trial = useTrialSignIn();
  const start = async () => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setRows({});
    setOutcome("running");
    setError(null);
    try {
      const passed = await testProvider((stage) => setRows((old) => ({ ...old, [stage.stage]: stage })), controller.signal);
      setOutcome(passed ? "passed" : "failed");
      announce(passed ? t("test.passed") : t("test.failed"));
    } catch (thrown) {
      if (controller.signal.aborted) return;
      setOutcome(null);
      setError(thrown);
    }
  };
  return (
    <section aria-labelledby="provider-test" className="flex max-w-2xl flex-col gap-3 pt-3">
      <div>
        <h3 id="provider-test" className="font-semibold">{t("test.title")}</h3>
        <p className="text-sm text-muted">{t("test.about")}</p>
      </div>
      {rows ? (
        <ol aria-label={t("test.title")} className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {stages.map((stage) => <Row key={stage} name={stage} stage={rows[stage]} />)}
        </ol>
      ) : null}
      {error ? <Note tone="danger">{asProblem(error).message}</Note> : null}
      {trial.error ? <Note tone="danger">{asProblem(trial.error).message}</Note> : null}
      <div className="flex flex-wrap gap-2">
        <Button busy={outcome === "running"} onClick={() => void start()}>{rows ? t("test.again") : t("test.start")}</Button>
        <Button variant={outcome === "passed" && !provider.tested_at ? "primary" : "secondary"} busy={trial.isPending} onClick={() => trial.mutate()}>{t("test.sign_in")}</Button>
      </div>
    </section>
  );
}

function Row({ name, stage }: { name: Stage["stage"]; stage: Stage | undefined }) {
  const { t } = useTranslation("identity");
  const formats = useFormats();
  const state = stage?.state ?? "waiting";
  const Icon = state === "running" ? null : icons[state];
  return (
    <li className="flex gap-3 px-3.5 py-2.5 text-sm">
      <span className={cx("mt-0.5 [&_svg]:size-4", tones[state])}>{Icon ? <Icon aria-hidden="true" /> : <Spinner />}</span>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap justify-between gap-x-3">
          <span className="font-semibold">{t(`stage.${name}`)}</span>
          <span className="text-muted tnum">{t(`state.${state}`)}{stage?.ms != null ? ` · ${formats.duration(stage.ms)}` : ""}</span>
        </p>
        {stage?.problem ? <p className={stage.state === "failed" ? "text-danger" : "text-muted"}>{stage.problem.message}</p> : null}
      </div>
    </li>
  );
}
