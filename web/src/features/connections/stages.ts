// One staged test as the page sees it: rows in a fixed order, fed by the stream. No React, no network.
import type { Problem, StageName, StageView, TestFinished } from "./types";

export const STAGES: readonly StageName[] = [
  "url",
  "dns",
  "address",
  "tcp",
  "tls",
  "credential",
  "models",
  "completion",
  "usage",
];

export interface TestRun {
  status: "idle" | "running" | "finished" | "broken";
  rows: StageView[];
  finished: TestFinished | null;
  /** Why the test itself could not be run or followed; not a finding about the endpoint. */
  problem: Problem | null;
}

export type TestEvent =
  | { type: "started" }
  | { type: "stage"; stage: StageView }
  | { type: "finished"; finished: TestFinished }
  | { type: "broke"; problem: Problem }
  | { type: "reset" };

const waiting = (stage: StageName): StageView => ({
  stage,
  state: "waiting",
  code: null,
  message: "",
  facts: {},
  ms: null,
});

export const idleRun = (): TestRun => ({ status: "idle", rows: STAGES.map(waiting), finished: null, problem: null });

/** A stored result in the shape of a run, so that one panel shows both. */
export function runOf(stages: StageView[]): TestRun {
  return { ...idleRun(), status: "finished", rows: fillRows(stages) };
}

function fillRows(stages: StageView[]): StageView[] {
  return STAGES.map((name) => stages.find((stage) => stage.stage === name) ?? waiting(name));
}

export function advance(run: TestRun, event: TestEvent): TestRun {
  switch (event.type) {
    case "started":
      return { ...idleRun(), status: "running" };
    case "stage":
      return { ...run, rows: run.rows.map((row) => (row.stage === event.stage.stage ? event.stage : row)) };
    case "finished":
      return { ...run, status: "finished", rows: fillRows(event.finished.stages), finished: event.finished };
    case "broke":
      // A row that was running when the line was cut is not running any more.
      return {
        ...run,
        status: "broken",
        problem: event.problem,
        rows: run.rows.map((row) => (row.state === "running" ? waiting(row.stage) : row)),
      };
    case "reset":
      return idleRun();
  }
}

/** The stage that holds up the ones after it: the failed one, else the running one, else a model list that is missing. */
export function blockerOf(rows: StageView[]): StageName | null {
  const failed = rows.find((row) => row.state === "failed");
  if (failed) return failed.stage;
  const running = rows.find((row) => row.state === "running");
  if (running) return running.stage;
  const skipped = rows.findIndex((row) => row.state === "skipped");
  return skipped > 0 ? (rows[skipped - 1]?.stage ?? null) : null;
}

export interface Summary {
  kind: "idle" | "running" | "passed" | "warned" | "failed" | "needs_model" | "broken";
  stage: StageName | null;
  passed: number;
  total: number;
}

export function summarise(run: TestRun): Summary {
  const done = run.rows.filter((row) => row.state === "passed" || row.state === "warned");
  const base = { passed: done.length, total: run.rows.length, stage: blockerOf(run.rows) };
  if (run.status === "broken") return { ...base, kind: "broken" };
  if (run.status === "idle") return { ...base, kind: "idle" };
  if (run.status === "running") return { ...base, kind: "running" };
  if (run.rows.some((row) => row.state === "failed")) return { ...base, kind: "failed" };
  if (needsTypedModel(run)) return { ...base, kind: "needs_model" };
  return { ...base, kind: run.rows.some((row) => row.state === "warned") ? "warned" : "passed" };
}

/** The endpoint offers no list, or an empty one, and nothing was typed: it can only be tried with a typed model id. */
export function needsTypedModel(run: TestRun): boolean {
  const finished = run.finished;
  if (!finished || finished.passed) return false;
  const before = run.rows.slice(0, STAGES.indexOf("models"));
  return before.every((row) => row.state === "passed" || row.state === "warned") && finished.models.length === 0;
}

/** The sentence about one field when the server refused to begin the test at all. */
export const fieldProblem = (run: TestRun, field: "base_url" | "api_key"): string | null =>
  run.problem?.field === field ? run.problem.message : null;

/** Refused by an answer, which says why: nothing changed. */
export const wasRefused = (run: TestRun): boolean => run.status === "broken" && run.problem?.code !== CUT;

/** Code of a line that was cut: what the server did after that is unknown. */
export const CUT = "offline";

/** Leads to the address by the public logs of certificates, so it stays on the page. */
const UNSAID = new Set(["key_sha256"]);

/** Plain text for a ticket or a mail. Built from what the server said, less what would tell the address. */
export function describeRun(run: TestRun, label: (stage: StageName) => string): string {
  return run.rows
    .map((row) => {
      const time = row.ms === null ? "" : ` ${Math.round(row.ms)} ms`;
      const code = row.code ? ` [${row.code}]` : "";
      const said = Object.entries(row.facts ?? {}).filter(([name]) => !UNSAID.has(name));
      const facts = said.map(([name, value]) => `${name}=${value}`);
      const tail = facts.length > 0 ? ` (${facts.join(", ")})` : "";
      return `${label(row.stage)}: ${row.state}${code}${time}${row.message ? `. ${row.message}` : ""}${tail}`;
    })
    .join("\n");
}
