// A plain table that scrolls inside its own frame and can be reached by keyboard.
import type { ComponentProps, ReactNode } from "react";
import { cx } from "./cx";

export interface TableProps {
  label: string;
  head: ReactNode;
  children: ReactNode;
  /** On a phone the cells of a line stand below each other, for cells that speak for themselves. */
  stacks?: boolean;
}

const stacked = "max-sm:[&_thead]:sr-only max-sm:[&_tr]:flex max-sm:[&_tr]:flex-col max-sm:[&_tr]:items-start max-sm:[&_tr]:py-1.5 max-sm:[&_td]:py-1";

export function Table({ label, head, children, stacks = false }: TableProps) {
  return (
    // Scrollable regions must be focusable, or the keyboard can't scroll them.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label={label} tabIndex={0} className="overflow-x-auto rounded-lg border border-line bg-surface">
      <table className={cx("w-full border-collapse text-sm tnum [&_tbody_tr]:border-t [&_tbody_tr]:border-line", stacks && stacked)}>
        <thead className="text-left text-xs text-muted"><tr>{head}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export function Th({ className, numeric, ...rest }: ComponentProps<"th"> & { numeric?: boolean }) {
  return <th scope="col" {...rest} className={cx("px-3 py-2 align-bottom font-semibold max-sm:min-w-24", numeric && "text-right", className)} />;
}

export function Td({ className, numeric, ...rest }: ComponentProps<"td"> & { numeric?: boolean }) {
  return <td {...rest} className={cx("px-3 py-2.5 align-top", numeric && "text-right", className)} />;
}
