// Receipts of any conversation of the team, without a word of content: for the data protection officer, by an owner.
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { download } from "@/api/files";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { PageSection } from "@/ui/PageSection";
import { IdForm } from "./IdForm";

export function TeamReceipts() {
  const { t } = useTranslation("sealing");
  const save = useMutation({
    mutationFn: ({ id, format }: { id: string; format: string }) => download("POST", `/api/team/receipts/${id}`, `receipts.${format}`, { format }),
    onSuccess: () => notify(t("receipts.done")),
  });
  return (
    <PageSection id="receipts" title={t("receipts.title")} about={t("receipts.about")}>
      <IdForm error={save.error ? asProblem(save.error).message : null} onId={(id, format) => save.mutate({ id, format: format || "json" })}>
        <Button type="submit" name="format" value="json" busy={save.isPending}>{t("receipts.json")}</Button>
        <Button type="submit" name="format" value="csv" busy={save.isPending}>{t("receipts.csv")}</Button>
      </IdForm>
    </PageSection>
  );
}
