// Standard providers: which have a key, whether it works, what is listed. A key itself is never here.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Fold } from "@/ui/Fold";
import { Page } from "@/ui/Page";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState, Note } from "@/ui/States";
import { Table, Td, Th } from "@/ui/Table";
import { type Provider, providersQuery, useKeyTest } from "./queries";

export function Component() {
  const { t } = useTranslation("operator");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const { data, error, refetch } = useQuery(providersQuery);
  const ready = data?.providers.filter((one) => one.state === "ready") ?? [];
  const absent = data?.providers.filter((one) => one.state !== "ready") ?? [];
  return (
    <Page title={t("page.providers")} intro={data ? t("providers.intro", { date: formats.day(data.made_on) }) : null}>
      {!data && !error ? <Skeleton lines={8} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data && ready.length === 0 ? <EmptyState title={t("providers.none")}>{t("providers.none_text")}</EmptyState> : null}
      {ready.map((one) => <Ready key={one.provider} provider={one} />)}
      {absent.length > 0 ? <Absent providers={absent} /> : null}
    </Page>
  );
}

function Ready({ provider }: { provider: Provider }) {
  const { t } = useTranslation("operator");
  const formats = useFormats();
  const test = useKeyTest();
  const last = provider.last_test;
  const run = () => test.mutate(provider.provider, { onSuccess: () => notify(t("providers.tested", { name: provider.name })) });
  const used = provider.last_at ? t("providers.used", { count: provider.uses, formatted: formats.number(provider.uses), ago: formats.ago(provider.last_at) }) : t("providers.unused");
  return (
    <PageSection
      id={`provider-${provider.provider}`}
      title={provider.name}
      about={[provider.data_location, used].filter(Boolean).join(" · ")}
      mark={<State provider={provider} />}
      actions={<Button busy={test.isPending} onClick={run} aria-describedby={`provider-${provider.provider}`}>{t("providers.test")}</Button>}
    >
      {test.error ? <Note tone="danger">{asProblem(test.error).message}</Note> : null}
      {last?.problem ? <Note tone="danger">{last.problem.message} <span className="text-muted">{formats.dateTime(last.tested_at)}</span></Note> : null}
      {last && !last.problem ? <p className="text-sm text-muted">{t("providers.answered", { count: last.offered, formatted: formats.number(last.offered), ago: formats.ago(last.tested_at) })}</p> : null}
      {last && last.missing.length > 0 ? <Note tone="warn">{t("providers.missing", { models: last.missing.join(", ") })}</Note> : null}
      {provider.zone ? null : <Note tone="warn">{t("providers.no_zone")}</Note>}
      <Models provider={provider} />
    </PageSection>
  );
}

function State({ provider }: { provider: Provider }) {
  const { t } = useTranslation("operator");
  if (!provider.last_test) return <Badge>{t("state.untested")}</Badge>;
  return provider.last_test.problem ? <Badge tone="danger">{t("state.refused")}</Badge> : <Badge tone="ok">{t("state.works")}</Badge>;
}

function Models({ provider }: { provider: Provider }) {
  const { t } = useTranslation("operator");
  const formats = useFormats();
  const price = (value: number | null | undefined) => (value === null || value === undefined ? "–" : formats.dollars(value));
  return (
    <Fold title={t("providers.models", { count: provider.model_count })} needed={false}>
      <Table label={t("providers.list_of", { name: provider.name })} head={<><Th>{t("model")}</Th><Th numeric>{t("context")}</Th><Th numeric>{t("price_in")}</Th><Th numeric>{t("price_out")}</Th></>}>
        {provider.models.map((model) => (
          <tr key={model.model_id}>
            <Td className="wrap-anywhere">
              {model.name}
              <span className="block font-mono text-xs text-muted">{model.model_id}</span>
              {model.retires_on ? <Badge tone={model.is_retired ? "danger" : "warn"}>{t(model.is_retired ? "retired" : "retires", { date: formats.day(model.retires_on) })}</Badge> : null}
            </Td>
            <Td numeric>{model.context_length ? formats.compact(model.context_length) : "–"}</Td>
            <Td numeric>{price(model.price_in)}</Td>
            <Td numeric>{price(model.price_out)}</Td>
          </tr>
        ))}
      </Table>
    </Fold>
  );
}

function Absent({ providers }: { providers: Provider[] }) {
  const { t } = useTranslation("operator");
  return (
    <PageSection id="absent" title={t("absent.title")} about={t("absent.about")}>
      <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
        {providers.map((one) => (
          <li key={one.provider} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2.5">
            <span className="font-semibold">{one.name} <span className="font-mono text-xs font-normal text-muted">{one.provider}</span></span>
            <span className="text-muted">{t(one.state === "no_key" ? "absent.no_key" : "absent.no_address")} · {t("providers.models", { count: one.model_count })}</span>
          </li>
        ))}
      </ul>
    </PageSection>
  );
}
