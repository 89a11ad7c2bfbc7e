// A titled part of a connection's page that a link can lead to.
import type { ReactNode } from "react";
import type { ConnectionView } from "./types";

export function Section({ id, title, actions, children }: { id: string; title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} className="flex scroll-mt-16 flex-col gap-4 border-t border-line pt-6">
      <header className="flex flex-wrap items-center justify-between gap-2">
        <h2 id={`${id}-title`} tabIndex={-1} className="text-lg outline-none">{title}</h2>
        {actions}
      </header>
      {children}
    </section>
  );
}

export interface SectionProps {
  connection: ConnectionView;
  /** The plan gate is closed: everything can be looked at, nothing changed. */
  isReadOnly: boolean;
}
