// Advice below a field, with a button where there is only one sensible correction.
import { Lightbulb } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/ui/Button";

export function HintNote({ children, fix, onFix }: { children: ReactNode; fix?: string | undefined; onFix?: () => void }) {
  return (
    <div className="flex gap-2 rounded-md bg-warn-wash px-3 py-2 text-sm">
      <Lightbulb aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warn" />
      <div className="flex min-w-0 flex-col items-start gap-1.5">
        <p>{children}</p>
        {fix && onFix ? (
          <Button size="sm" onClick={onFix} className="max-w-full"><span className="truncate">{fix}</span></Button>
        ) : null}
      </div>
    </div>
  );
}
