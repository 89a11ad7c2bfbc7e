// One log of the days in sight as a file: a line for each day, model and person. Being exported is an entry of the trail.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { download } from "@/api/files";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Menu } from "@/ui/Menu";
import { Note } from "@/ui/States";
import type { Range, UsageLog } from "./figures";

export function useUsageExport(kind: UsageLog["kind"], range: Range) {
  const { t } = useTranslation("usage");
  const client = useQueryClient();
  return useMutation({
    mutationFn: (format: "csv" | "ndjson") =>
      download("POST", "/api/usage/exports", `moorage-usage.${format}`, { kind, format, from_day: range.from, to_day: range.to }),
    onSuccess: () => notify(t("export.done")),
    onSettled: () => client.invalidateQueries({ queryKey: ["audit"] }),
  });
}

export function UsageExportMenu({ exporting, title }: { exporting: ReturnType<typeof useUsageExport>; title: string }) {
  const { t } = useTranslation("usage");
  return (
    <Menu
      align="end"
      trigger={<Button size="sm" aria-label={t("export.label", { title })} busy={exporting.isPending}>{exporting.isPending ? null : <Download aria-hidden="true" />}{t("export.button")}</Button>}
      entries={[
        { label: t("export.csv"), onSelect: () => exporting.mutate("csv") },
        { label: t("export.ndjson"), onSelect: () => exporting.mutate("ndjson") },
      ]}
    />
  );
}

export function ExportProblem({ error }: { error: unknown }) {
  return error ? <Note tone="danger">{asProblem(error).message}</Note> : null;
}
