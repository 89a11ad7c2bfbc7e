// What each plan includes, as the operator's file says. It is changed there: the page says where.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormats } from "@/i18n/format";
import { Page } from "@/ui/Page";
import { usePlanWords } from "@/ui/planWords";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { Table, Td, Th } from "@/ui/Table";
import { plansQuery } from "./queries";

export function Component() {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const words = usePlanWords();
  const { data, error, refetch } = useQuery(plansQuery);
  return (
    <Page title={t("page.plans")} intro={t("plans.intro")}>
      {!data && !error ? <Skeleton lines={6} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <Table label={t("page.plans")} head={<><Th>{t("plan")}</Th><Th numeric>{t("plans.teams")}</Th><Th numeric>{t("plans.tokens")}</Th><Th numeric>{t("plans.answer")}</Th><Th numeric>{t("plans.members")}</Th><Th numeric>{t("plans.rates")}</Th><Th>{t("plans.models")}</Th></>}>
          {data.plans.map((one) => (
            <tr key={one.plan}>
              <Td className="font-semibold">{words.plan(one.plan)}<span className="block font-mono text-xs font-normal text-muted">{one.plan}</span></Td>
              <Td numeric><Link className="link" to={`/operator/teams?plan=${one.plan}`}>{formats.number(one.teams)}</Link></Td>
              <Td numeric>{formats.compact(one.tokens_per_month)}</Td>
              <Td numeric>{formats.compact(one.answer_tokens)}</Td>
              <Td numeric>{formats.number(one.members)}</Td>
              <Td numeric className="whitespace-nowrap">{t("plans.rate", { person: formats.number(one.person_per_minute), team: formats.number(one.team_per_minute) })}</Td>
              <Td className="min-w-32 wrap-anywhere">{one.standard_models.length === 0 ? t("plans.no_models") : one.standard_models.map((pattern) => (pattern === "*" ? t("plans.every_model") : pattern)).join(", ")}</Td>
            </tr>
          ))}
        </Table>
      ) : null}
      <p className="max-w-2xl text-sm text-muted">{t("plans.file")}</p>
    </Page>
  );
}
