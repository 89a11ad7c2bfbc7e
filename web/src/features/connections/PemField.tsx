// A certificate as text: pasted, or read from files in the browser. Says what it holds, for nobody reads PEM.
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { FileButton } from "@/ui/FileButton";
import { Textarea } from "@/ui/Textarea";
import { HintNote } from "./HintNote";
import { countPem, findPemHints, joinPem, MAX_PEM_CHARS, readPem } from "./pem";

export interface PemFieldProps {
  kind: "caPem" | "clientPem";
  value: string;
  onChange: (value: string) => void;
  error: string | null;
  disabled: boolean;
}

/** Anything larger is no certificate, and would only make the page slow. */
const MAX_FILE_BYTES = 4 * MAX_PEM_CHARS;

export function PemField({ kind, value, onChange, error, disabled }: PemFieldProps) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const [isTooBig, setIsTooBig] = useState(false);
  const isSecret = kind === "clientPem";
  const text = useDeferredValue(value);
  const hints = findPemHints(kind, text);
  const found = countPem(text);
  const label = t(`certs.${kind}`);
  const change = (next: string) => {
    setIsTooBig(false);
    onChange(next);
  };
  const read = async (files: File[]) => {
    const fitting = files.filter((file) => file.size <= MAX_FILE_BYTES);
    const texts = await Promise.all(fitting.map(async (file) => readPem(new Uint8Array(await file.arrayBuffer()))));
    onChange(joinPem(value, texts));
    setIsTooBig(fitting.length < files.length);
  };
  return (
    <div className="flex flex-col gap-2">
      <Field label={label} optional={common("optional")} hint={t(`certs.${kind}_help`)} error={error}>
        <Textarea
          mono
          secret={isSecret}
          value={value}
          disabled={disabled}
          rows={3}
          wrap="off"
          placeholder={isSecret ? "" : "-----BEGIN CERTIFICATE-----"}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          data-1p-ignore
          data-lpignore="true"
          onChange={change}
        />
      </Field>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <FileButton label={t("certs.choose")} purpose={label} accept={isSecret ? ".pem,.crt,.cer,.key" : ".pem,.crt,.cer,.der"} disabled={disabled} onChoose={(files) => void read(files)} />
        {value === "" ? null : <Button size="sm" variant="quiet" disabled={disabled} aria-label={`${t("certs.clear")}: ${label}`} onClick={() => change("")}>{t("certs.clear")}</Button>}
        <p aria-live="polite" className="text-muted empty:hidden">
          {found.certificates > 0 ? t("certs.found", { count: found.certificates }) : null}
          {isSecret && found.keys > 0 ? ` ${t("certs.found_key")}` : null}
        </p>
      </div>
      <div aria-live="polite" className="flex flex-col gap-2 empty:hidden">
        {isTooBig ? <HintNote>{t("hint.pem_long")}</HintNote> : null}
        {error ? null : hints.map(({ code }) => <HintNote key={code}>{t(`hint.${code}`)}</HintNote>)}
      </div>
    </div>
  );
}
