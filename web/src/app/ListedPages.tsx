// A part of the product with pages of its own: at the left the way back, what it is, and its pages in groups.
import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink } from "react-router";
import { ProofDialog } from "@/features/accounts/ProofDialog";
import { cx } from "@/ui/cx";
import { SideColumn } from "@/ui/SideColumn";

export interface PageLink {
  to: string;
  label: string;
  /** Stands beside the name, where something there needs a look. */
  mark?: ReactNode;
}

export interface ListedPagesProps {
  title: string;
  about: string;
  groups: readonly { title?: string; pages: readonly PageLink[] }[];
  /** Stands below them all. */
  foot?: ReactNode;
  children: ReactNode;
}

export function ListedPages({ title, about, groups, foot, children }: ListedPagesProps) {
  const { t } = useTranslation();
  const side = (
    <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto p-4">
      <div>
        <Link to="/" className="flex min-h-9 items-center gap-2 rounded-md px-2 text-sm text-muted hover:text-ink">
          <ArrowLeft aria-hidden="true" className="size-4" />
          {t("nav.backToChats")}
        </Link>
        <p className="px-2 pt-2 text-base font-bold">{title}</p>
        <p className="px-2 text-xs wrap-anywhere text-muted">{about}</p>
      </div>
      {groups.map((group) => (
        <section key={group.title ?? ""}>
          {group.title ? <h2 className="px-3 pb-1 text-xs font-semibold text-muted">{group.title}</h2> : null}
          <ul>
            {group.pages.map(({ to, label, mark }) => (
              <li key={to}>
                <NavLink to={to} className={({ isActive }) => cx("flex min-h-8 items-center rounded-md px-3 text-sm pointer-coarse:min-h-11", isActive ? "bg-surface font-semibold" : "hover:bg-hover")}>
                  {label}
                  {mark}
                </NavLink>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {foot}
    </div>
  );
  return <SideColumn label={title} heading={title} side={side}>{children}<ProofDialog /></SideColumn>;
}
