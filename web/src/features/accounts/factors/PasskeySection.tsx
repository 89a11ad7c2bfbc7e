// One's passkeys: add with this device or a security key, see where they are kept, rename, remove.
import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { withProof } from "@/api/proof";
import { useFormats } from "@/i18n/format";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { PageSection } from "@/ui/PageSection";
import { Note } from "@/ui/States";
import { formText } from "../formText";
import { FactorRow } from "./FactorRow";
import { addPasskey, askForNewPasskey, passkeyPath, type PasskeyView, type Question } from "./queries";
import type { SectionProps } from "./FactorSections";
import { useTrouble } from "./useTrouble";
import { passkeysSupported, troubleOf } from "./webauthn";

export function PasskeySection({ factors, onAdded }: SectionProps) {
  const { t } = useTranslation("factors");
  const { t: common } = useTranslation();
  const trouble = useTrouble();
  const [question, setQuestion] = useState<Question | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const attempt = async (act: () => Promise<void>) => {
    setIsBusy(true);
    setError(null);
    try {
      await act();
    } catch (thrown) {
      setError(trouble(thrown));
    } finally {
      setIsBusy(false);
    }
  };
  const begin = () => attempt(async () => setQuestion(await withProof(askForNewPasskey)));
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = formText(event.currentTarget, "name").trim() || t("passkey.default_name");
    return attempt(async () => {
      if (!question) return;
      try {
        onAdded(await addPasskey(question, name), t("passkey.added"));
        setQuestion(null);
      } catch (thrown) {
        // A question is good once; the next try needs another.
        if (!troubleOf(thrown)) setQuestion(await askForNewPasskey());
        throw thrown;
      }
    });
  };
  const why = !factors.passkeys_work ? t("passkey.no_name") : !passkeysSupported() ? t("passkey.unsupported") : null;
  return (
    <PageSection id="factor-passkeys" title={t("passkey.title")} about={t("passkey.about")}>
      {factors.passkeys.length > 0 ? (
        <ul aria-labelledby="factor-passkeys" className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {factors.passkeys.map((one) => <Row key={one.id} passkey={one} />)}
        </ul>
      ) : null}
      {why ? <Note>{why}</Note> : <div><Button busy={isBusy} onClick={() => void begin()}>{t("passkey.add")}</Button></div>}
      {error && !question ? <p role="alert" className="text-sm text-danger">{error}</p> : null}
      <Dialog open={question !== null} onClose={() => setQuestion(null)} title={t("passkey.add_title")} description={<p className="text-sm">{t("passkey.add_text")}</p>}>
        <form noValidate onSubmit={(event) => void add(event)} className="flex flex-col gap-4">
          <Field label={t("passkey.name")} hint={t("passkey.name_hint")}><Input name="name" defaultValue={t("passkey.default_name")} maxLength={120} autoComplete="off" /></Field>
          {error ? <p role="alert" className="text-sm text-danger">{error}</p> : null}
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setQuestion(null)}>{common("action.cancel")}</Button>
            <Button type="submit" variant="primary" busy={isBusy}>{t("passkey.continue")}</Button>
          </div>
        </form>
      </Dialog>
    </PageSection>
  );
}

function Row({ passkey }: { passkey: PasskeyView }) {
  const { t } = useTranslation("factors");
  const formats = useFormats();
  const kept = passkey.is_backed_up ? t("passkey.backed_up") : passkey.can_sync ? t("passkey.can_sync") : t("passkey.one_device");
  return (
    <FactorRow
      name={passkey.name}
      path={passkeyPath(passkey.id)}
      icon={<KeyRound aria-hidden="true" />}
      marks={<Badge>{kept}</Badge>}
      facts={[t("row.added", { date: formats.date(passkey.created_at) }), passkey.used_at ? t("row.used", { ago: formats.ago(passkey.used_at) }) : t("row.never_used")].join(" · ")}
      removeText={t("passkey.remove_text")}
    >
      {passkey.suspected_at ? <div className="pt-2"><Note tone="warn">{t("passkey.suspected", { date: formats.dateTime(passkey.suspected_at) })}</Note></div> : null}
    </FactorRow>
  );
}
