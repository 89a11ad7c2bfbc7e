// How the charts of statistics look: two shades of the log's colour, pale for what went in, full for what came out.
import type { UsageLog } from "./figures";

const colour = { byom: "var(--own)", standard: "var(--builtin)" } as const;

export function logColour(kind: UsageLog["kind"]): { full: string; pale: string } {
  return { full: colour[kind], pale: `color-mix(in srgb, ${colour[kind]} 38%, var(--surface))` };
}

export const tick = { fill: "var(--muted)", fontSize: 13 };

export const tooltipLook = {
  cursor: { fill: "var(--hover)" },
  isAnimationActive: false,
  contentStyle: { background: "var(--raised)", border: "1px solid var(--line)", borderRadius: 8, fontSize: 13 },
  itemStyle: { color: "var(--ink)" },
  labelStyle: { fontWeight: 600 },
};

export function legendText(name: string) {
  return <span className="text-xs text-muted">{name}</span>;
}
