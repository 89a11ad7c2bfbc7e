// A text to be compared or pasted elsewhere: in full, in mono, with a button that copies it.
import { Check, Copy } from "lucide-react";
import { useEffect } from "react";
import { announce } from "./Announcer";
import { IconButton } from "./Button";
import { useCopy } from "./useCopy";

export function CopyLine({ text, label, done }: { text: string; label: string; done: string }) {
  const { copied, copy } = useCopy();
  useEffect(() => {
    if (copied) announce(done);
  }, [copied, done]);
  return (
    <div className="flex items-start gap-1 rounded-md bg-sunken py-0.5 pr-0.5 pl-2.5">
      <code className="min-w-0 flex-1 py-1.5 font-mono text-xs [overflow-wrap:anywhere] text-ink">{text}</code>
      <IconButton label={copied ? done : label} onClick={() => copy(text)}>{copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}</IconButton>
    </div>
  );
}
