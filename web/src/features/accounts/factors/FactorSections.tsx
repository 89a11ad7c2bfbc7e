// The three sections about second factors, the proof they ask for, and the recovery codes that come with the first.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { askForProof } from "@/api/proof";
import { useSignedIn } from "@/api/session";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { AuthenticatorSection } from "./AuthenticatorSection";
import { PasskeySection } from "./PasskeySection";
import { type Added, type Factors, factorsQuery, useRemember } from "./queries";
import { RecoveryCodesDialog } from "./RecoveryCodesDialog";
import { RecoverySection } from "./RecoverySection";

export interface SectionProps {
  factors: Factors;
  onAdded: (added: Added, done: string) => void;
  onCodes: (codes: string[]) => void;
}

export function FactorSections() {
  const { t } = useTranslation("factors");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const { me } = useSignedIn();
  const remember = useRemember();
  const { data: factors, error, refetch } = useQuery(factorsQuery);
  const [codes, setCodes] = useState<string[] | null>(null);
  if (!factors) return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Skeleton lines={6} label={common("loading")} />;
  const section: SectionProps = {
    factors,
    onAdded: (added, done) => {
      remember.factors(added.factors);
      setCodes(added.recovery_codes ?? null);
      notify(done);
    },
    onCodes: (made) => {
      setCodes(made);
      void client.invalidateQueries({ queryKey: factorsQuery.queryKey });
    },
  };
  const hasFactor = Boolean(factors.app) || factors.passkeys.length > 0;
  return (
    <>
      {me.must_add_factor && hasFactor && !factors.has_shown ? (
        <Note tone="warn" actions={<Button onClick={() => void askForProof("second_factor")}>{t("proof.show")}</Button>}>{t("proof.show_text")}</Note>
      ) : null}
      <PasskeySection {...section} />
      <AuthenticatorSection {...section} />
      <RecoverySection {...section} />
      {codes ? <RecoveryCodesDialog codes={codes} onClose={() => setCodes(null)} /> : null}
    </>
  );
}
