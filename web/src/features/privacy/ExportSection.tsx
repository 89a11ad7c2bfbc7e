// Exports of one's own data, or of the team's: asked for, made in the background, fetched for seven days.
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { PageSection } from "@/ui/PageSection";
import { Note } from "@/ui/States";
import { type ExportView, isUnderWay, useExport, useExportDeletion, useExportFetch } from "./queries";

export function ExportSection({ of, exports }: { of: "mine" | "team"; exports: readonly ExportView[] }) {
  const { t } = useTranslation("privacy");
  const asking = useExport(of);
  const its = exports.filter((one) => one.of === of);
  const isBusy = its.some(isUnderWay);
  const ask = () => asking.mutate(undefined, { onSuccess: () => notify(t("export.asked")) });
  return (
    <PageSection
      id={`export-${of}`}
      title={t(`export.title.${of}`)}
      about={t(`export.about.${of}`)}
      actions={<Button busy={asking.isPending} aria-disabled={isBusy} onClick={() => { if (!isBusy) ask(); }}>{t(`export.ask.${of}`)}</Button>}
    >
      {asking.error ? <Note tone="danger">{asProblem(asking.error).message}</Note> : null}
      {its.map((one) => <ExportLine key={one.id} one={one} />)}
    </PageSection>
  );
}

function ExportLine({ one }: { one: ExportView }) {
  const { t } = useTranslation("privacy");
  const formats = useFormats();
  const deletion = useExportDeletion();
  const fetching = useExportFetch();
  const problem = fetching.error ?? deletion.error;
  const isReady = one.state === "done";
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-line bg-surface px-3.5 py-2.5 text-sm">
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-semibold">{t("export.of", { date: formats.dateTime(one.created_at) })}</p>
        <ExportState one={one} />
        {problem ? <p role="alert" className="text-danger">{asProblem(problem).message}</p> : null}
      </div>
      {isReady ? <Button size="sm" variant="primary" busy={fetching.isPending} onClick={() => fetching.mutate(one)}>{t("export.fetch")}</Button> : null}
      <Button size="sm" busy={deletion.isPending} onClick={() => deletion.mutate(one.id)}>{isReady ? t("export.delete") : t("export.stop")}</Button>
    </div>
  );
}

/** "812 kB", "3.4 MB". */
const sizeWord = (bytes: number, locale: string): string =>
  new Intl.NumberFormat(locale, { style: "unit", unit: bytes < 1_000_000 ? "kilobyte" : "megabyte", maximumFractionDigits: bytes < 1_000_000 ? 0 : 1 }).format(bytes < 1_000_000 ? Math.max(1, bytes / 1000) : bytes / 1_000_000);

function ExportState({ one }: { one: ExportView }) {
  const { t, i18n } = useTranslation("privacy");
  const formats = useFormats();
  if (one.state === "failed") return <p role="alert" className="text-danger">{one.problem?.message}</p>;
  if (one.state === "done" && one.expires_at) {
    return (
      <>
        <p className="text-muted">{t("export.ready", { size: sizeWord(one.size ?? 0, i18n.language), until: formats.date(one.expires_at) })}</p>
        <p className="truncate font-mono text-xs text-muted" title={one.sha256 ?? ""}>SHA-256 {one.sha256}</p>
      </>
    );
  }
  return (
    <label className="flex flex-col gap-1 text-muted">
      <span>{one.total > 0 ? t("export.running", { done: formats.number(one.done), total: formats.number(one.total) }) : t("export.waiting")}</span>
      <progress className="w-full max-w-64 accent-accent" {...(one.total > 0 ? { value: one.done, max: one.total } : {})} />
    </label>
  );
}
