// A titled part of a settings page: what it is about under its heading, a mark beside it, acts at the right.
import type { ReactNode } from "react";

export interface PageSectionProps {
  id: string;
  title: string;
  about?: ReactNode;
  mark?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function PageSection({ id, title, about, mark, actions, children }: PageSectionProps) {
  return (
    <section aria-labelledby={id} className="flex flex-col gap-4 border-t border-line pt-6">
      <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div className="min-w-0 flex-1 basis-72">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h2 id={id} className="text-lg">{title}</h2>
            {mark}
          </div>
          {about ? <p className="max-w-2xl text-sm text-muted">{about}</p> : null}
        </div>
        {actions}
      </header>
      {children}
    </section>
  );
}
