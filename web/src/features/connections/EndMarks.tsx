// Certificates of a connection that end soon or have ended, in the list: an icon and words, whatever the colour.
import { TriangleAlert } from "lucide-react";
import { cx } from "@/ui/cx";
import { findEnds } from "./ends";
import type { ConnectionView } from "./types";
import { useTlsTexts } from "./useTlsTexts";

export function EndMarks({ connection: { tls } }: { connection: ConnectionView }) {
  const { endOf } = useTlsTexts();
  const ends = findEnds(tls);
  if (ends.length === 0) return null;
  return (
    <ul className="col-span-full flex flex-col gap-1 border-t border-line pt-2 text-xs font-semibold">
      {ends.map((end) => (
        <li key={end.which} className={cx("flex gap-1.5", end.daysLeft < 0 ? "text-danger" : "text-warn")}>
          <TriangleAlert aria-hidden="true" className="mt-px size-4 shrink-0" />
          {endOf(end)}
        </li>
      ))}
    </ul>
  );
}
