// The receipts of erasures: what went, what stayed and why. They name nobody.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Fold } from "@/ui/Fold";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { FateTable } from "./FateTable";
import { receiptsQuery } from "./queries";

export function ReceiptsSection({ erasing }: { erasing: number }) {
  const { t } = useTranslation("privacy");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const { data, error, refetch } = useQuery(receiptsQuery(erasing));
  return (
    <PageSection id="receipts" title={t("receipts.title")} about={t("receipts.about")}>
      {!data && !error ? <Skeleton lines={2} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data?.receipts.length === 0 ? <p className="text-sm text-muted">{t("receipts.none")}</p> : null}
      {data?.receipts.map((one) => (
        <Fold key={one.id} needed={false} title={t("receipts.of", { date: formats.dateTime(one.done_at) })}>
          <div className="flex flex-col gap-3 pt-2">
            <p className="font-mono text-xs wrap-anywhere text-muted">{one.id}</p>
            <FateTable lines={one.lines} label={t("receipts.of", { date: formats.dateTime(one.done_at) })} />
          </div>
        </Fold>
      ))}
    </PageSection>
  );
}
