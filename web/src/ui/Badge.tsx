// Small marks. The origin of a model is always colour, icon and word together.
import { BookOpen, Building2, FileSignature, HatGlasses, Route, Server } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { OriginName } from "@/api/queries";
import { cx } from "./cx";

export type Tone = "neutral" | "ok" | "warn" | "danger" | "accent";

const tones: Record<Tone, string> = {
  neutral: "bg-sunken text-muted",
  ok: "bg-ok-wash text-ok",
  warn: "bg-warn-wash text-warn",
  danger: "bg-danger-wash text-danger",
  accent: "bg-sunken text-accent",
};

export function Badge({ tone = "neutral", icon, children }: { tone?: Tone; icon?: ReactNode; children: ReactNode }) {
  return <span className={cx("inline-flex items-center gap-1 rounded px-1.5 py-0.5 text-xs font-semibold whitespace-nowrap [&_svg]:size-3.5", tones[tone])}>{icon}{children}</span>;
}

const originIcons = { own_hardware: Server, own_contract: FileSignature, router: Route, included: Building2, scripted: BookOpen, hidden: HatGlasses } as const;

/** Where an answer comes from; of an answer that is judged blind, that is not told yet. */
export type ShownOrigin = OriginName | "hidden";

export function OriginIcon({ origin, className }: { origin: ShownOrigin; className?: string }) {
  const Icon = originIcons[origin];
  return <Icon aria-hidden="true" className={cx("size-4 shrink-0", className)} />;
}

/** Colour, icon and word of an origin. */
export function OriginMark({ origin, quiet, className }: { origin: ShownOrigin; quiet?: boolean; className?: string }) {
  const { t } = useTranslation();
  return (
    <span data-origin={origin} className={cx("inline-flex items-center gap-1.5 text-origin", quiet ? "font-normal" : "font-semibold", className)}>
      <OriginIcon origin={origin} />
      {t(`origin.${origin}`)}
    </span>
  );
}
