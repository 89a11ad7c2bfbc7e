// A staged test as a person watches it: one row per stage, an icon and a word each, and the sentence that names the fix.
import { Check, CircleDashed, Minus, TriangleAlert, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { announce } from "@/ui/Announcer";
import { cx } from "@/ui/cx";
import { Spinner } from "@/ui/Spinner";
import { serverTlsOf } from "./ends";
import { KeyHash, type Pinning } from "./KeyHash";
import { blockerOf, type TestRun } from "./stages";
import type { StageName, StageState, StageView } from "./types";
import { useRunTexts } from "./useRunTexts";
import { useTlsTexts } from "./useTlsTexts";

export interface TestPanelProps {
  run: TestRun;
  /** A test of something that is already saved: "nothing is saved yet" would be wrong. */
  stored?: boolean;
  /** Under the heading instead of the usual sentence, for example when a stored test was made. */
  subtitle?: string;
  footer?: ReactNode;
  /** Where a typed address is tested: offers to accept only the key that its server showed. */
  pinning?: Pinning;
  className?: string;
}

export function TestPanel({ run, stored = false, subtitle, footer, pinning, className }: TestPanelProps) {
  const texts = useRunTexts(run, stored);
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef(run.status);
  const hasPassed = run.finished?.passed === true;
  useEffect(() => {
    // Said once, at the end: a reader who hears nine rows come and go hears nothing.
    if (before.current === "running" && run.status !== "running") announce(`${texts.title}. ${texts.detail}`, hasPassed ? "ok" : "danger");
    before.current = run.status;
  }, [run.status, texts.title, texts.detail, hasPassed]);
  const waitsFor = blockerOf(run.rows);
  const pin = (keyHash: string) => {
    // The button goes away with what it did; focus stays in the panel.
    heading.current?.focus({ preventScroll: true });
    pinning?.onPin(keyHash);
  };
  return (
    <section aria-label={texts.title} aria-busy={run.status === "running"} className={cx("overflow-hidden rounded-lg border border-line bg-surface", className)}>
      <header className="px-4 py-3.5 sm:px-5">
        <h3 ref={heading} tabIndex={-1} className="text-base outline-none">{texts.title}</h3>
        <p className={cx("text-sm", run.status === "broken" ? "text-danger" : "text-muted")}>{subtitle ?? texts.subtitle}</p>
      </header>
      <ol>
        {run.rows.map((row) => (
          <StageRow key={row.stage} row={row} isIdle={run.status === "idle"} waitsFor={waitsFor} pinning={pinning && { ...pinning, onPin: pin }} />
        ))}
      </ol>
      {footer ? <footer className="flex flex-wrap items-center gap-2 border-t border-line px-4 py-3 sm:px-5">{footer}</footer> : null}
    </section>
  );
}

interface StageRowProps {
  row: StageView;
  isIdle: boolean;
  waitsFor: StageName | null;
  pinning: Pinning | undefined;
}

function StageRow({ row, isIdle, waitsFor, pinning }: StageRowProps) {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  const found = useTlsTexts().sentenceOf(row) ?? row.message;
  const keyHash = serverTlsOf(row)?.keyHash;
  const waits = waitsFor && waitsFor !== row.stage ? t("test.waits", { stage: t(`stage.${waitsFor}`) }) : "";
  const sentences: Record<StageState, string> = {
    waiting: isIdle || !waits ? t(`stage_about.${row.stage}`) : waits,
    running: t("test.checking"),
    passed: found,
    warned: found,
    failed: row.message,
    skipped: row.message || waits,
  };
  return (
    <li className="grid grid-cols-[1.25rem_1fr_auto] gap-x-3 border-t border-line px-4 py-2.5 sm:px-5">
      <span className="pt-0.5"><StageIcon state={row.state} /></span>
      <div className="min-w-0">
        <p className={cx("font-semibold", (row.state === "waiting" || row.state === "skipped") && "text-muted")}>
          {t(`stage.${row.stage}`)}
          {isIdle ? null : <span className="sr-only">: {t(`state.${row.state}`)}</span>}
        </p>
        <p className={cx("text-sm", row.state === "failed" || row.state === "warned" ? "text-ink" : "text-muted")}>{sentences[row.state]}</p>
      </div>
      <span className="pt-0.5 text-right font-mono text-xs text-muted tnum">{row.ms === null || row.ms === undefined ? null : row.ms < 1 ? `< ${formats.duration(1)}` : formats.duration(row.ms)}</span>
      {keyHash ? <KeyHash keyHash={keyHash} pinning={pinning} /> : null}
    </li>
  );
}

function StageIcon({ state }: { state: StageState }) {
  const size = "size-[1.125rem]";
  switch (state) {
    case "passed":
      return <Check aria-hidden="true" className={cx(size, "text-ok")} />;
    case "warned":
      return <TriangleAlert aria-hidden="true" className={cx(size, "text-warn")} />;
    case "failed":
      return <X aria-hidden="true" className={cx(size, "text-danger")} />;
    case "running":
      return <Spinner className="text-accent" />;
    case "skipped":
      return <Minus aria-hidden="true" className={cx(size, "text-muted")} />;
    case "waiting":
      return <CircleDashed aria-hidden="true" className={cx(size, "text-edge")} />;
  }
}
