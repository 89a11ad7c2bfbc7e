// A field for a new password: says while one types how easily it is guessed, and never what signs it must contain.
import { type ComponentProps, useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { PasswordInput } from "@/ui/PasswordInput";
import { cx } from "@/ui/cx";
import type { Strength } from "./strength";

export const minPasswordChars = 12;
const waitMs = 150;

/** null while nothing was typed, or what judges has not come (yet): then nothing is claimed. */
function useStrength(password: string, words: readonly string[]): Strength | "short" | null {
  const [found, setFound] = useState<{ of: string; strength: Strength } | null>(null);
  const known = words.join("\n");
  useEffect(() => {
    if (password.length < minPasswordChars) return;
    let isStale = false;
    const timer = setTimeout(() => {
      import("./strength").then(
        ({ estimate }) => !isStale && setFound({ of: password, strength: estimate(password, known.split("\n")) }),
        () => {},
      );
    }, waitMs);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [password, known]);
  if (password === "") return null;
  if (password.length < minPasswordChars) return "short";
  return found?.strength ?? null;
}

const bars = [1, 2, 3, 4] as const;

/** There from the start, though empty: a line that comes late would move the button under somebody's click. */
function Meter({ strength, id }: { strength: Strength | "short" | null; id: string }) {
  const { t } = useTranslation("accounts");
  const filled = strength === null || strength === "short" ? 0 : strength;
  const tone = filled >= 3 ? "bg-ok" : "bg-warn";
  return (
    <div id={id} className="flex flex-col gap-1">
      <div aria-hidden="true" className="flex gap-1">
        {bars.map((bar) => <span key={bar} className={cx("h-1 flex-1 rounded-full", bar <= filled ? tone : "bg-sunken")} />)}
      </div>
      <p role="status" className={cx("-mb-1 min-h-[1lh] text-xs", filled >= 3 ? "text-ok" : "text-warn")}>
        {strength === null ? null : strength === "short" ? t("strength.short", { count: minPasswordChars }) : t(`strength.${strength}`)}
      </p>
    </div>
  );
}

interface Props extends Omit<ComponentProps<typeof PasswordInput>, "value" | "onChange"> {
  label: string;
  error: string | null;
  /** What somebody who knows the person would try: name, address, team. */
  words: readonly string[];
  value?: string;
  onValue?: (value: string) => void;
}

export function NewPasswordField({ label, error, words, value, onValue, ...rest }: Props) {
  const { t } = useTranslation("accounts");
  const [typed, setTyped] = useState("");
  const id = useId();
  const shown = value ?? typed;
  const strength = useStrength(shown, words);
  return (
    <div className="flex flex-col gap-2">
      <Field label={label} hint={t("field.passwordHint")} error={error}>
        <PasswordInput
          {...rest}
          autoComplete="new-password"
          required
          maxLength={200}
          value={shown}
          onChange={(event) => {
            setTyped(event.target.value);
            onValue?.(event.target.value);
          }}
        />
      </Field>
      <Meter strength={strength} id={id} />
    </div>
  );
}
