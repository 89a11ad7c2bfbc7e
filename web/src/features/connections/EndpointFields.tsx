// Address, key and sign-in style, with hints that need no network. Used by the wizard and by the replacement of a key.
import { useDeferredValue } from "react";
import { useTranslation } from "react-i18next";
import { Field, Input } from "@/ui/Field";
import { PasswordInput } from "@/ui/PasswordInput";
import { Select } from "@/ui/Select";
import { GuideLink } from "./GuideLink";
import { HintNote } from "./HintNote";
import { findAddressHints, findKeyHints } from "./hints";
import type { AuthStyle } from "./types";

interface TextProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  error?: string | null;
  disabled?: boolean;
}

export interface AddressFieldProps extends TextProps {
  /** The server has accepted this address: it knows more than a hint does, for example what its operator allowed. */
  isAccepted?: boolean;
}

export function AddressField({ value, onChange, label, error, disabled, isAccepted }: AddressFieldProps) {
  const { t } = useTranslation("connections");
  // Deferred, so that a hint doesn't flicker between two keystrokes.
  const found = findAddressHints(useDeferredValue(value));
  const hints = isAccepted ? [] : found;
  return (
    <div className="flex flex-col gap-2">
      <Field label={label} hint={t("wizard.base_url_help")} error={error ?? null}>
        <Input
          mono
          type="url"
          inputMode="url"
          value={value}
          disabled={disabled}
          placeholder="https://llm.example.com/v1"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
      <div aria-live="polite" className="flex flex-col gap-2 empty:hidden">
        {hints.map(({ code, fix }) => (
          <HintNote key={code} fix={fix ? t("hint.fix", { fix }) : undefined} onFix={() => onChange(fix ?? value)}>
            {t(`hint.${code}`)} {code === "ollama_local" ? <GuideLink /> : null}
          </HintNote>
        ))}
      </div>
    </div>
  );
}

export function KeyField({ value, onChange, label, error, disabled }: TextProps) {
  const { t } = useTranslation("connections");
  const hints = findKeyHints(useDeferredValue(value));
  return (
    <div className="flex flex-col gap-2">
      <Field label={label} hint={t("wizard.api_key_help")} error={error ?? null}>
        <PasswordInput mono value={value} disabled={disabled} autoComplete="off" data-1p-ignore data-lpignore="true" onChange={(event) => onChange(event.target.value)} />
      </Field>
      <div aria-live="polite" className="flex flex-col gap-2 empty:hidden">
        {hints.map(({ code, fix }) => (
          // The corrected key itself is not written on the button: it would be readable on the screen.
          <HintNote key={code} fix={fix ? t("hint.fix_key") : undefined} onFix={() => onChange(fix ?? value)}>
            {t(`hint.${code}`)}
          </HintNote>
        ))}
      </div>
    </div>
  );
}

export function AuthStyleField({ value, onChange }: { value: AuthStyle; onChange: (value: AuthStyle) => void }) {
  const { t } = useTranslation("connections");
  return (
    <details className="text-sm" open={value !== "auto" || undefined}>
      <summary className="w-fit py-1 font-semibold text-muted hover:text-ink">{t("wizard.more")}</summary>
      <div className="pt-2">
        <Field label={t("wizard.auth")} hint={t("wizard.auth_help")}>
          <Select<AuthStyle>
            value={value}
            onChange={onChange}
            options={[
              { value: "auto", label: t("wizard.auth_auto") },
              { value: "bearer", label: t("wizard.auth_bearer") },
              { value: "api_key", label: t("wizard.auth_api_key") },
            ]}
          />
        </Field>
      </div>
    </details>
  );
}
