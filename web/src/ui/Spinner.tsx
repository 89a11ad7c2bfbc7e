// Signs of waiting: a small ring, and grey lines where content will be.
import { cx } from "./cx";

export function Spinner({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cx("inline-block size-4 shrink-0 animate-spin rounded-full border-2 border-current border-r-transparent", className)} />;
}

export function Skeleton({ lines = 3, label }: { lines?: number; label: string }) {
  return (
    <div role="status" aria-label={label} className="flex animate-pulse flex-col gap-3 py-2">
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} className="h-4 rounded bg-hover" style={{ width: `${92 - ((i * 23) % 45)}%` }} />
      ))}
    </div>
  );
}
