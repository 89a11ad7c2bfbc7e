// Privacy: who answers for what, one's own data, how long things are kept, whom words reach, erasure.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Page } from "@/ui/Page";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { ErasureSection } from "./ErasureSection";
import { ExportSection } from "./ExportSection";
import { type PrivacyView, privacyQuery } from "./queries";
import { ReceiptsSection } from "./ReceiptsSection";
import { RecipientsSection } from "./RecipientsSection";
import { RecordSection } from "./RecordSection";
import { RetentionSection } from "./RetentionSection";

export function Component() {
  const { t } = useTranslation("privacy");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(privacyQuery);
  return (
    <Page title={t("title")} intro={t("intro")}>
      {!data && !error ? <Skeleton lines={8} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? <Parts view={data} /> : null}
    </Page>
  );
}

function Parts({ view }: { view: PrivacyView }) {
  return (
    <>
      <Roles view={view} />
      <ExportSection of="mine" exports={view.exports} />
      <RetentionSection view={view} />
      {view.may_see ? <RecipientsSection /> : null}
      {view.may_see ? <RecordSection /> : null}
      {view.may_export_team ? <ExportSection of="team" exports={view.exports} /> : null}
      {view.may_erase ? <ErasureSection team={view.team} erasing={view.erasing} /> : null}
      {view.may_erase ? <ReceiptsSection erasing={view.erasing} /> : null}
    </>
  );
}

function Roles({ view }: { view: PrivacyView }) {
  const { t } = useTranslation("privacy");
  const told: [string, string, string][] = [
    [t("roles.team"), view.team, t("roles.team_about", { owners: view.owners.join(", ") })],
    [t("roles.operator"), view.operator || t("roles.operator_unsaid"), t("roles.operator_about")],
  ];
  return (
    <PageSection id="roles" title={t("roles.title")}>
      <dl className="grid gap-4 sm:grid-cols-2">
        {told.map(([role, name, about]) => (
          <div key={role} className="flex min-w-0 flex-col gap-1">
            <dt className="text-sm text-muted">{role}</dt>
            <dd className="flex flex-col gap-1">
              <span className="font-semibold wrap-anywhere">{name}</span>
              <span className="text-sm text-muted">{about}</span>
            </dd>
          </div>
        ))}
      </dl>
    </PageSection>
  );
}
