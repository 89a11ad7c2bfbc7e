// Tokens of a breakdown as lying bars, the longest first. The table below says the same in text.
import { useTranslation } from "react-i18next";
import { Bar, BarChart, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { formatsFor } from "@/i18n/format";
import { legendText, logColour, tick, tooltipLook } from "./chartLook";
import type { BarItem, UsageLog } from "./figures";

// Where there is little room, it is for the bars.
const room = { wide: { width: 148, chars: 19 }, narrow: { width: 84, chars: 10 } };
const shorten = (name: string, chars: number): string => (name.length > chars ? `${name.slice(0, chars - 1)}…` : name);

export default function BarsChart({ items, kind }: { items: BarItem[]; kind: UsageLog["kind"] }) {
  const { t, i18n } = useTranslation("oversight");
  const formats = formatsFor(i18n.language);
  const { width, chars } = window.innerWidth < 480 ? room.narrow : room.wide;
  const { full, pale } = logColour(kind);
  const names = new Map(items.map((item) => [item.key, item.name]));
  const nameOf = (key: unknown) => names.get(String(key)) ?? "";
  return (
    <ResponsiveContainer width="100%" height={items.length * 34 + 64}>
      <BarChart data={items} layout="vertical" margin={{ top: 4, right: 12, bottom: 0, left: 0 }} accessibilityLayer={false}>
        <XAxis type="number" tickFormatter={(value: number) => formats.compact(value)} tick={tick} tickLine={false} stroke="var(--line)" />
        <YAxis type="category" dataKey="key" tickFormatter={(key: string) => shorten(nameOf(key), chars)} tick={tick} tickLine={false} axisLine={false} width={width} interval={0} />
        <Tooltip {...tooltipLook} labelFormatter={(key) => nameOf(key)} formatter={(value) => formats.number(Number(value))} />
        <Legend verticalAlign="top" align="right" height={28} iconType="square" iconSize={10} itemSorter={null} formatter={legendText} />
        <Bar dataKey="tokensIn" stackId="tokens" name={t("figure.tokens_in")} fill={pale} isAnimationActive={false} maxBarSize={22} />
        <Bar dataKey="tokensOut" stackId="tokens" name={t("figure.tokens_out")} fill={full} radius={[0, 2, 2, 0]} isAnimationActive={false} maxBarSize={22} />
      </BarChart>
    </ResponsiveContainer>
  );
}
