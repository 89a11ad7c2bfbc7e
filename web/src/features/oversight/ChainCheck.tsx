// Entries are chained; this asks the server to go through all of them and says whether one was changed.
import { useQuery } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { auditCheckQuery } from "./queries";

export function ChainCheck() {
  const { t } = useTranslation("oversight");
  const formats = useFormats();
  const { data, error, isFetching, refetch } = useQuery(auditCheckQuery);
  const button = (
    <Button size="sm" busy={isFetching} onClick={() => void refetch()}>
      {isFetching ? null : <ShieldCheck aria-hidden="true" />}
      {t("chain.check")}
    </Button>
  );
  return (
    <div role="status">
      {error && !isFetching ? <Note tone="danger" actions={button}>{asProblem(error).message}</Note> : null}
      {!error && !data ? <Note actions={button}>{t("chain.about")}</Note> : null}
      {data && !error ? (
        <Note tone={data.intact ? "ok" : "danger"} actions={button}>
          {data.intact
            ? t("chain.intact", { count: data.checked, formatted: formats.number(data.checked) })
            : `${data.message} ${t("chain.broken")}`}
        </Note>
      ) : null}
    </div>
  );
}
