// The trail, or the part in sight, as a file. Being exported is itself an entry.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import { download } from "@/api/files";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Menu } from "@/ui/Menu";
import { type AuditFilter, countOf } from "./auditFilter";

export interface ExportWish {
  format: "ndjson" | "csv" | "cef";
  what: "trail" | "key_uses";
}

export function useExport(filter: AuditFilter) {
  const { t } = useTranslation("oversight");
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (wish: ExportWish) => {
      const part = wish.what === "trail" ? filter : {};
      await download("POST", "/api/audit/exports", `moorage-audit.${wish.format}`, { ...wish, ...part });
    },
    onSuccess: () => notify(t("export.done")),
    onSettled: () => client.invalidateQueries({ queryKey: ["audit"] }),
  });
}

export function ExportMenu({ filter, exporting }: { filter: AuditFilter; exporting: ReturnType<typeof useExport> }) {
  const { t } = useTranslation("oversight");
  const begin = (format: ExportWish["format"], what: ExportWish["what"] = "trail") => () => exporting.mutate({ format, what });
  return (
    <Menu
      align="end"
      trigger={<Button busy={exporting.isPending}>{exporting.isPending ? null : <Download aria-hidden="true" />}{countOf(filter) > 0 ? t("export.part") : t("export.all")}</Button>}
      entries={[
        { label: t("export.ndjson"), onSelect: begin("ndjson") },
        { label: t("export.csv"), onSelect: begin("csv") },
        { label: t("export.cef"), onSelect: begin("cef") },
        { label: t("export.key_uses"), onSelect: begin("csv", "key_uses") },
      ]}
    />
  );
}
