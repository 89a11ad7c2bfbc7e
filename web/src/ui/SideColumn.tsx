// The frame of the app: a left column of 264 px, a drawer below 1024 px, and the page beside it.
import { Menu as MenuIcon } from "lucide-react";
import { lazy, type ReactNode, Suspense, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { IconButton } from "./Button";
import { useOverlay, useSought } from "./overlays";

const Drawer = lazy(() => import("./Drawer").then((module) => ({ default: module.Drawer })));

export interface SideColumnProps {
  /** Names the navigation region. */
  label: string;
  /** Stands beside the drawer button on small screens. */
  heading?: ReactNode;
  side: ReactNode;
  children: ReactNode;
}

export function SideColumn({ label, heading, side, children }: SideColumnProps) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  // The drawer is open on the page it was opened on; going elsewhere closes it.
  const [openOn, setOpenOn] = useState<string | null>(null);
  const main = useRef<HTMLElement>(null);
  // What lies over the page takes the drawer's place; a wish to search opens it where the column isn't shown.
  const isCovered = useOverlay() !== null;
  const isSought = useSought() !== null;
  if (isCovered && openOn !== null) setOpenOn(null);
  else if (!isCovered && isSought && openOn !== pathname && !matchMedia("(min-width: 64rem)").matches) setOpenOn(pathname);
  return (
    <div className="grid min-h-dvh lg:grid-cols-[264px_minmax(0,1fr)] print:block">
      <a href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())} className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-raised focus:px-3 focus:py-2">
        {t("nav.skip")}
      </a>
      <nav aria-label={label} data-region className="sticky top-0 hidden h-dvh min-h-0 flex-col border-r border-line bg-sunken lg:flex print:hidden">
        {side}
      </nav>
      <div className="flex min-h-dvh min-w-0 flex-col">
        <header className="sticky top-0 z-20 flex h-12 shrink-0 items-center gap-2 border-b border-line bg-canvas px-2 lg:hidden print:hidden">
          <IconButton label={t("nav.open")} aria-haspopup="dialog" onClick={() => setOpenOn(pathname)}><MenuIcon aria-hidden="true" /></IconButton>
          <div className="min-w-0 flex-1 truncate text-sm font-semibold">{heading}</div>
        </header>
        <main ref={main} id="main" data-region tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
          {children}
        </main>
      </div>
      {openOn === pathname ? <Suspense><Drawer label={label} onClose={() => setOpenOn(null)}>{side}</Drawer></Suspense> : null}
    </div>
  );
}
