// Six digits of an authenticator app: a numeric keyboard, one-time autofill, paste with spaces.
import { Field, Input } from "@/ui/Field";

export function CodeField({ label, hint, error, autoFocus = true }: { label: string; hint?: string; error: string | null; autoFocus?: boolean }) {
  return (
    <Field label={label} hint={hint} error={error}>
      <Input
        name="code"
        mono
        required
        autoFocus={autoFocus}
        inputMode="numeric"
        autoComplete="one-time-code"
        spellCheck={false}
        maxLength={12}
        className="max-w-40 text-lg! tracking-[0.2em]"
      />
    </Field>
  );
}
