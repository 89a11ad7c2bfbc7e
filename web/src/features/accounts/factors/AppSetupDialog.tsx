// Sets an authenticator app up: scan or type the secret, then a first code shows that it arrived.
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { withProof } from "@/api/proof";
import { Button } from "@/ui/Button";
import { CopyLine } from "@/ui/CopyLine";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { formText } from "../formText";
import { CodeField } from "./CodeField";
import { QrPicture } from "./QrPicture";
import { type Added, confirmApp, type Setup } from "./queries";
import { useFocusOnError } from "./useFocusOnError";
import { useTrouble } from "./useTrouble";

const inGroups = (secret: string): string => secret.match(/.{1,4}/g)?.join(" ") ?? secret;

export interface AppSetupProps {
  setup: Setup;
  onClose: () => void;
  onAdded: (added: Added) => void;
}

export function AppSetupDialog({ setup, onClose, onAdded }: AppSetupProps) {
  const { t } = useTranslation("factors");
  const { t: common } = useTranslation();
  const trouble = useTrouble();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  useFocusOnError(error);
  const confirm = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    setIsBusy(true);
    setError(null);
    try {
      const name = formText(form, "name").trim() || t("app.default_name");
      onAdded(await withProof(() => confirmApp(formText(form, "code"), name)));
    } catch (thrown) {
      setError(trouble(thrown));
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <Dialog open wide onClose={onClose} title={t("app.setup_title")}>
      <ol className="flex list-decimal flex-col gap-5 pl-5 marker:font-semibold">
        <li className="pl-1">
          <p>{t("app.scan")}</p>
          <div className="mt-3 flex flex-wrap items-start gap-5">
            <QrPicture qr={setup.qr} label={t("app.qr_label")} />
            <div className="flex min-w-0 flex-1 basis-56 flex-col gap-2 text-sm">
              <p className="text-muted">{t("app.type_instead")}</p>
              <CopyLine text={inGroups(setup.secret)} label={t("app.copy_secret")} done={t("copied")} />
              <p className="text-muted">{t("app.secret_once")}</p>
            </div>
          </div>
        </li>
        <li className="pl-1">
          <form noValidate onSubmit={(event) => void confirm(event)} className="flex flex-col gap-4">
            <CodeField label={t("app.first_code")} hint={t("app.first_code_hint")} error={error} autoFocus={false} />
            <Field label={t("app.name")} hint={t("app.name_hint")}>
              <Input name="name" defaultValue={t("app.default_name")} maxLength={120} autoComplete="off" />
            </Field>
            <div className="flex flex-wrap gap-2">
              <Button type="submit" variant="primary" busy={isBusy}>{t("app.confirm")}</Button>
              <Button onClick={onClose}>{common("action.cancel")}</Button>
            </div>
          </form>
        </li>
      </ol>
    </Dialog>
  );
}
