// Several lines of text inside a Field. A secret one shows dots until its button is pressed, as a password does.
import { Field as Base } from "@base-ui/react/field";
import { type ComponentProps, useState } from "react";
import { cx } from "./cx";
import { inputClass } from "./inputClass";
import { ShowButton } from "./ShowButton";

export interface TextareaProps extends Omit<ComponentProps<"textarea">, "onChange" | "value" | "defaultValue" | "ref"> {
  value: string;
  onChange: (value: string) => void;
  mono?: boolean;
  secret?: boolean;
}

export function Textarea({ value, onChange, mono, secret, className, disabled, ...rest }: TextareaProps) {
  const [shown, setShown] = useState(false);
  const look = cx(inputClass, "block resize-y", mono && "font-mono text-sm", secret && "pr-11", secret && !shown && "[-webkit-text-security:disc]", className);
  return (
    <div className="relative">
      <Base.Control value={value} disabled={disabled ?? false} onValueChange={(next) => onChange(String(next))} className={look} render={<textarea {...rest} />} />
      {secret ? <ShowButton shown={shown} onToggle={() => setShown(!shown)} className="top-0 size-9 pointer-coarse:size-11" /> : null}
    </div>
  );
}
