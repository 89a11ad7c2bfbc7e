// A password or key field with a button that shows what was typed. Paste and password managers work as everywhere.
import { type ComponentProps, useState } from "react";
import { Input } from "./Field";
import { ShowButton } from "./ShowButton";

export function PasswordInput(props: ComponentProps<"input"> & { mono?: boolean }) {
  const [shown, setShown] = useState(false);
  return (
    <div className="relative">
      <Input {...props} type={shown ? "text" : "password"} spellCheck={false} autoCapitalize="none" className="pr-11" />
      <ShowButton shown={shown} onToggle={() => setShown(!shown)} className="inset-y-0 w-10" />
    </div>
  );
}
