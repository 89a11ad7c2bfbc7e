// The record of processing activities, prefilled: to read and complete, or for programs.
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { download } from "@/api/files";
import { Button } from "@/ui/Button";
import { PageSection } from "@/ui/PageSection";
import { Note } from "@/ui/States";

const formats = ["html", "json"] as const;

export function RecordSection() {
  const { t } = useTranslation("privacy");
  const act = useMutation({ mutationFn: (format: (typeof formats)[number]) => download("POST", "/api/team/privacy/records", `record-of-processing.${format}`, { format }) });
  return (
    <PageSection id="record" title={t("record.title")} about={t("record.about")}>
      {act.error ? <Note tone="danger">{asProblem(act.error).message}</Note> : null}
      <div className="flex flex-wrap gap-2">
        {formats.map((format) => <Button key={format} busy={act.isPending && act.variables === format} onClick={() => act.mutate(format)}>{t(`record.as.${format}`)}</Button>)}
      </div>
    </PageSection>
  );
}
