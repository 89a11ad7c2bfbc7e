// Copies text and says so for a moment. Works on plain http addresses too, where the clipboard API is missing.
import { useEffect, useState } from "react";

const shownForMs = 2_000;

function copyByHand(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export function useCopy(): { copied: boolean; copy: (text: string) => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), shownForMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (text: string): void => {
    const write = navigator.clipboard ? navigator.clipboard.writeText(text).then(() => true) : Promise.resolve(copyByHand(text));
    write.then(setCopied, () => setCopied(copyByHand(text)));
  };
  return { copied, copy };
}
