// Whether everybody in the team needs a second factor: owners decide, admins see it.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, asProblem, type Problem, type Schemas } from "@/api/client";
import { withProof } from "@/api/proof";
import { keys } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";

type Rule = Schemas["SecondFactorRule"];
const path = "/api/team/second-factor";
const ruleKey = ["second-factor-rule"] as const;

export function SecondFactorRule() {
  const { t } = useTranslation("factors");
  const { t: common } = useTranslation();
  const { team } = useSignedIn();
  const client = useQueryClient();
  const { data: rule, error, refetch } = useQuery({ queryKey: ruleKey, queryFn: ({ signal }) => api.get<Rule>(path, signal) });
  const [isAsking, setIsAsking] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [refusal, setRefusal] = useState<Problem | null>(null);
  const set = async (isNeeded: boolean) => {
    setIsBusy(true);
    setRefusal(null);
    try {
      const next = await withProof(() => api.put<Rule>(path, { is_needed: isNeeded }));
      client.setQueryData(ruleKey, next);
      await client.invalidateQueries({ queryKey: keys.session });
      notify(next.is_needed ? t("rule.is_on") : t("rule.is_off"));
    } catch (thrown) {
      setRefusal(asProblem(thrown));
    } finally {
      setIsAsking(false);
      setIsBusy(false);
    }
  };
  const isOwner = team.role === "owner";
  return (
    <PageSection id="rule-factor" title={t("rule.title")} about={t("rule.about")}>
      {!rule && !error ? <Skeleton lines={2} label={common("loading")} /> : null}
      {!rule && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {rule ? (
        <div>
          <p className="font-semibold">{rule.is_needed ? t("rule.state_on") : t("rule.state_off")}</p>
          <p className="text-sm text-muted">{t("rule.without", { count: rule.members_without })}</p>
        </div>
      ) : null}
      {refusal ? (
        <Note tone="danger">
          {refusal.message} {refusal.code === "factor_yourself_first" ? <Link to="/settings/security" className="link">{t("rule.to_own")}</Link> : null}
        </Note>
      ) : null}
      {rule && isOwner ? (
        <div>
          {rule.is_needed ? (
            <Button busy={isBusy} onClick={() => void set(false)}>{t("rule.stop")}</Button>
          ) : (
            <Button variant="primary" className="whitespace-normal!" busy={isBusy} onClick={() => setIsAsking(true)}>{t("rule.ask")}</Button>
          )}
        </div>
      ) : null}
      <ConfirmDialog
        open={isAsking}
        onClose={() => setIsAsking(false)}
        onConfirm={() => void set(true)}
        title={t("rule.ask_title")}
        description={<p className="text-sm">{t("rule.ask_text", { count: rule?.members_without ?? 0 })}</p>}
        confirm={t("rule.ask")}
        variant="primary"
        busy={isBusy}
      />
    </PageSection>
  );
}
