// Copies text and says so for a moment, or that it failed. Works on plain http addresses too, where the clipboard API is missing.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { notify } from "./Announcer";

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

/** Resolves to whether it is in the clipboard. */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (!navigator.clipboard) return copyByHand(text);
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByHand(text);
  }
}

export interface Copying {
  /** What was copied a moment ago, by its name. */
  copied: string | null;
  /** Where there are several ways, each has a name; `by` resolves to whether it is in the clipboard. */
  copy: (text: string, name?: string, by?: (text: string) => Promise<boolean>) => void;
}

export function useCopy(): Copying {
  const { t } = useTranslation();
  const [copied, setCopied] = useState<string | null>(null);
  useEffect(() => {
    if (copied === null) return undefined;
    const timer = setTimeout(() => setCopied(null), shownForMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy: Copying["copy"] = (text, name = "text", by = copyText) => {
    const tell = (isDone: boolean) => (isDone ? setCopied(name) : notify(t("copyFailed"), "danger"));
    void by(text).then(tell, () => tell(false));
  };
  return { copied, copy };
}
