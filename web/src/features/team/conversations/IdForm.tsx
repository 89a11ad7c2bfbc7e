// The field for a conversation's id or link, with what can be done with it.
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Field, Input } from "@/ui/Field";
import { conversationIdIn } from "./conversationId";

export interface IdFormProps {
  initial?: string;
  error: string | null;
  /** Called with the id; `act` is the name of the button that was pressed. */
  onId: (id: string, act: string) => void;
  /** Submit buttons; their `value` tells which was pressed. */
  children: ReactNode;
}

export function IdForm({ initial = "", error, onId, children }: IdFormProps) {
  const { t } = useTranslation("sealing");
  const [pasted, setPasted] = useState(initial);
  const [isInvalid, setIsInvalid] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const id = conversationIdIn(pasted);
    setIsInvalid(id === null);
    const pressed = (event.nativeEvent as SubmitEvent).submitter;
    if (id) onId(id, pressed instanceof HTMLButtonElement ? pressed.value : "");
  };
  return (
    <form noValidate onSubmit={submit} className="flex max-w-xl flex-col gap-3">
      <Field label={t("find.label")} error={isInvalid ? t("find.invalid") : error}>
        <Input mono value={pasted} maxLength={300} autoComplete="off" spellCheck={false} onChange={(event) => setPasted(event.target.value)} />
      </Field>
      <div className="flex flex-wrap gap-2">{children}</div>
    </form>
  );
}
