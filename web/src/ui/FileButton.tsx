// A button that opens the system's file choice. The files are read in the browser and given to the page; nothing is sent.
import { useRef } from "react";
import { Button } from "./Button";

export interface FileButtonProps {
  label: string;
  /** What it is for, after the label, for screen readers. */
  purpose: string;
  accept: string;
  disabled?: boolean;
  onChoose: (files: File[]) => void;
}

export function FileButton({ label, purpose, accept, disabled, onChoose }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button size="sm" disabled={disabled} aria-label={`${label}: ${purpose}`} onClick={() => input.current?.click()}>{label}</Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={accept}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          // Emptied, so that the same file can be chosen again after it was corrected.
          event.target.value = "";
          if (files.length > 0) onChoose(files);
        }}
      />
    </>
  );
}
