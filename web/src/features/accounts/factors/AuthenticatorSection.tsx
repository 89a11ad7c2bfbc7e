// The authenticator app: none, or one; a new one takes the old one's place when its first code is right.
import { Smartphone } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { withProof } from "@/api/proof";
import { useFormats } from "@/i18n/format";
import { Button } from "@/ui/Button";
import { PageSection } from "@/ui/PageSection";
import { AppSetupDialog } from "./AppSetupDialog";
import { FactorRow } from "./FactorRow";
import { appPath, beginApp, type Setup } from "./queries";
import type { SectionProps } from "./FactorSections";
import { useTrouble } from "./useTrouble";

export function AuthenticatorSection({ factors, onAdded }: SectionProps) {
  const { t } = useTranslation("factors");
  const formats = useFormats();
  const trouble = useTrouble();
  const [setup, setSetup] = useState<Setup | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const begin = async () => {
    setIsBusy(true);
    setError(null);
    try {
      setSetup(await withProof(beginApp));
    } catch (thrown) {
      setError(trouble(thrown));
    } finally {
      setIsBusy(false);
    }
  };
  const { app } = factors;
  return (
    <PageSection id="factor-app" title={t("app.title")} about={t("app.about")}>
      {app ? (
        <ul className="overflow-hidden rounded-lg border border-line bg-surface">
          <FactorRow
            name={app.name}
            path={appPath}
            icon={<Smartphone aria-hidden="true" />}
            facts={[t("row.added", { date: formats.date(app.created_at) }), app.used_at ? t("row.used", { ago: formats.ago(app.used_at) }) : t("row.never_used")].join(" · ")}
            removeText={t("app.remove_text")}
          />
        </ul>
      ) : null}
      {error ? <p role="alert" className="text-sm text-danger">{error}</p> : null}
      <div><Button busy={isBusy} onClick={() => void begin()}>{app ? t("app.replace") : t("app.add")}</Button></div>
      {setup ? (
        <AppSetupDialog
          setup={setup}
          onClose={() => setSetup(null)}
          onAdded={(added) => {
            setSetup(null);
            onAdded(added, t("app.added"));
          }}
        />
      ) : null}
    </PageSection>
  );
}
