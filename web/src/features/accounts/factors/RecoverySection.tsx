// Recovery codes: how many are left, and new ones, which end the old.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { withProof } from "@/api/proof";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { PageSection } from "@/ui/PageSection";
import { Note } from "@/ui/States";
import { newRecoveryCodes } from "./queries";
import type { SectionProps } from "./FactorSections";
import { useTrouble } from "./useTrouble";

const fewLeft = 3;

export function RecoverySection({ factors, onCodes }: SectionProps) {
  const { t } = useTranslation("factors");
  const trouble = useTrouble();
  const [isAsking, setIsAsking] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const hasFactor = Boolean(factors.app) || factors.passkeys.length > 0;
  const make = async () => {
    setIsBusy(true);
    setError(null);
    try {
      onCodes((await withProof(newRecoveryCodes)).codes);
      setIsAsking(false);
    } catch (thrown) {
      setError(trouble(thrown));
    } finally {
      setIsBusy(false);
    }
  };
  const left = t("recovery.left", { count: factors.recovery_codes });
  return (
    <PageSection id="factor-recovery" title={t("recovery.title")} about={t("recovery.about")}>
      {hasFactor ? (
        <>
          {factors.recovery_codes <= fewLeft ? <Note tone="warn">{left}</Note> : <p>{left}</p>}
          <div><Button onClick={() => { setError(null); setIsAsking(true); }}>{t("recovery.renew")}</Button></div>
        </>
      ) : (
        <p className="text-sm text-muted">{t("recovery.factor_first")}</p>
      )}
      <ConfirmDialog
        open={isAsking}
        onClose={() => setIsAsking(false)}
        onConfirm={() => void make()}
        title={t("recovery.renew_title")}
        description={<p className="text-sm">{t("recovery.renew_text")}</p>}
        confirm={t("recovery.renew")}
        variant="primary"
        busy={isBusy}
        error={error}
      />
    </PageSection>
  );
}
