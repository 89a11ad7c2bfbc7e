// Several lines of text inside a Field. A secret one shows dots until its button is pressed, as a password does.
import { Field as Base } from "@base-ui/react/field";
import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "./cx";
import { inputClass } from "./inputClass";

export interface TextareaProps extends Omit<ComponentProps<"textarea">, "onChange" | "value" | "defaultValue" | "ref"> {
  value: string;
  onChange: (value: string) => void;
  mono?: boolean;
  secret?: boolean;
}

export function Textarea({ value, onChange, mono, secret, className, disabled, ...rest }: TextareaProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  const look = cx(inputClass, "block resize-y", mono && "font-mono text-sm", secret && "pr-11", secret && !shown && "[-webkit-text-security:disc]", className);
  return (
    <div className="relative">
      <Base.Control value={value} disabled={disabled ?? false} onValueChange={(next) => onChange(String(next))} className={look} render={<textarea {...rest} />} />
      {secret ? (
        <button
          type="button"
          aria-pressed={shown}
          aria-label={t("field.showInput")}
          title={t("field.showInput")}
          onClick={() => setShown(!shown)}
          className="absolute top-0 right-0 grid size-9 place-items-center rounded-md text-muted hover:text-ink pointer-coarse:size-11"
        >
          <Icon aria-hidden="true" className="size-4" />
        </button>
      ) : null}
    </div>
  );
}
