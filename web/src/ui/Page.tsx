// The frame of a settings page: heading, optional way back, acts on the right. It also names the browser tab.
import type { ReactNode } from "react";
import { useDocumentTitle } from "./useDocumentTitle";

export interface PageProps {
  title: string;
  intro?: ReactNode;
  /** Breadcrumb above the heading. */
  back?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, intro, back, actions, children }: PageProps) {
  useDocumentTitle(title);
  return (
    <div className="mx-auto flex w-full max-w-[960px] flex-col gap-6 px-4 py-6 sm:px-8 sm:py-9">
      <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="flex min-w-0 flex-1 basis-72 flex-col gap-1.5">
          {back ? <nav className="text-sm text-muted">{back}</nav> : null}
          <h1 className="text-2xl">{title}</h1>
          {intro ? <p className="max-w-2xl text-muted">{intro}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}
