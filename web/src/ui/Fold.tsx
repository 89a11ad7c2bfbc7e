// A part of a form that most people never need: closed until it is opened, or until something in it needs an answer.
import { type ReactNode, useState } from "react";

export interface FoldProps {
  title: string;
  /** Beside the title, for example what the closed part holds. */
  note?: string;
  /** Turning true opens it; a person may close it again. */
  needed: boolean;
  children: ReactNode;
}

export function Fold({ title, note, needed, children }: FoldProps) {
  const [isOpen, setIsOpen] = useState(needed);
  const [wasNeeded, setWasNeeded] = useState(needed);
  if (needed !== wasNeeded) {
    setWasNeeded(needed);
    if (needed) setIsOpen(true);
  }
  return (
    <details open={isOpen} onToggle={(event) => setIsOpen(event.currentTarget.open)} className="text-sm">
      <summary className="w-fit py-1 text-muted hover:text-ink">
        <span className="font-semibold">{title}</span>
        {note ? <span> ({note})</span> : null}
      </summary>
      <div className="mt-2 mb-1 flex flex-col gap-5 border-l border-line pl-4">{children}</div>
    </details>
  );
}
