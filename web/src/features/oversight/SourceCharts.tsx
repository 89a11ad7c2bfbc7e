// How fast and how reliable each connection answered, as plain bars: one figure each, so no axis is needed to read it.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { failedShare, rateText } from "@/ui/counted";
import { cx } from "@/ui/cx";
import type { UsageLog } from "./figures";

const MOST = 10;

interface Line {
  key: string;
  name: string;
  value: number;
  text: string;
}

export function SourceCharts({ log }: { log: UsageLog }) {
  const { t, i18n } = useTranslation("usage");
  const formats = useFormats();
  const sources = log.sources.slice(0, MOST);
  const keyOf = (one: (typeof sources)[number]) => one.connection_id ?? one.provider ?? "";
  const fast = sources.map((one) => ({ key: keyOf(one), name: one.name, value: one.ttft_ms ?? 0, text: one.ttft_ms === null ? "–" : formats.duration(one.ttft_ms) }));
  const failed = sources.map((one) => ({ key: keyOf(one), name: one.name, value: failedShare(one) ?? 0, text: rateText(i18n.language, failedShare(one)) }));
  const slowest = Math.max(...fast.map((line) => line.value), 1);
  return (
    <div className="grid gap-3 md:grid-cols-2">
      <Lines title={t("chart.first_word")} lines={fast} full={slowest} bar={log.kind === "byom" ? "bg-own" : "bg-builtin"} />
      <Lines title={t("chart.failed")} lines={failed} full={1} bar="bg-danger" />
    </div>
  );
}

function Lines({ title, lines, full, bar }: { title: string; lines: readonly Line[]; full: number; bar: string }) {
  return (
    <figure aria-hidden="true" className="flex min-w-0 flex-col gap-2 rounded-lg border border-line bg-surface p-3 sm:p-4">
      <figcaption className="text-sm font-semibold">{title}</figcaption>
      {lines.map((line) => (
        <div key={line.key} className="text-sm">
          <div className="flex justify-between gap-3">
            <span className="truncate text-muted">{line.name}</span>
            <span className="tnum">{line.text}</span>
          </div>
          <div className="mt-1 h-2 overflow-hidden rounded-full bg-sunken">
            <div className={cx("h-full rounded-full", bar)} style={{ width: `${(line.value / full) * 100}%` }} />
          </div>
        </div>
      ))}
    </figure>
  );
}
