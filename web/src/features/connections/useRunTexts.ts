// The sentences about a whole test, and its plain-text form for a ticket.
import { useTranslation } from "react-i18next";
import { notify } from "@/ui/Announcer";
import { describeRun, summarise, type TestRun } from "./stages";

export interface RunTexts {
  title: string;
  /** For the eye, under the title. */
  subtitle: string;
  /** For the ear, after the title: at a failure also what to do. */
  detail: string;
  copy: () => Promise<void>;
}

export function useRunTexts(run: TestRun, stored: boolean): RunTexts {
  const { t } = useTranslation("connections");
  const summary = summarise(run);
  const counts = { passed: summary.passed, total: summary.total };
  const stage = summary.stage ? t(`stage.${summary.stage}`) : "";
  const progress = t("test.running_text", counts);
  const texts = {
    idle: [t("test.idle_title"), t("test.idle_text")],
    running: [t("test.running_title"), progress],
    passed: [t("test.passed_title"), progress],
    warned: [t("test.warned_title"), progress],
    failed: [t("test.failed_title", { stage }), stored ? progress : t("test.failed_text", counts)],
    needs_model: [t("test.needs_model_title"), t("test.needs_model_text")],
    broken: [t("test.broken_title"), run.problem?.message ?? ""],
  } as const;
  const [title, subtitle] = texts[summary.kind];
  const failed = run.rows.find((row) => row.state === "failed");
  const copy = async () => {
    await navigator.clipboard.writeText(describeRun(run, (name) => t(`stage.${name}`)));
    notify(t("done.copied"));
  };
  return { title, subtitle, detail: failed?.message || subtitle, copy };
}
