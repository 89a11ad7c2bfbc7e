// Uses of a key per day as stacked bars. Loaded only on a connection's page; the table below it says the same in text.
import { useTranslation } from "react-i18next";
import { Bar, BarChart, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { formatsFor } from "@/i18n/format";
import { USE_PURPOSES, type UsePoint } from "./keyUses";

const shade = { reply: 100, title: 80, test: 60, discovery: 40, check: 25, resealing: 14 } as const;

export default function UseChart({ points }: { points: UsePoint[] }) {
  const { t, i18n } = useTranslation("connections");
  const formats = formatsFor(i18n.language);
  const short = new Intl.DateTimeFormat(i18n.language, { day: "numeric", month: "short", timeZone: "UTC" });
  const tick = { fill: "var(--muted)", fontSize: 13 };
  const shown = USE_PURPOSES.filter((purpose) => points.some((point) => point[purpose] > 0));
  return (
    <ResponsiveContainer width="100%" height="100%">
      <BarChart data={points} margin={{ top: 4, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
        <XAxis dataKey="day" tickFormatter={(day: string) => short.format(new Date(`${day}T00:00:00Z`))} tick={tick} tickLine={false} stroke="var(--line)" minTickGap={24} />
        <YAxis allowDecimals={false} tickFormatter={(value: number) => formats.compact(value)} tick={tick} tickLine={false} axisLine={false} width={44} />
        <Tooltip
          cursor={{ fill: "var(--hover)" }}
          isAnimationActive={false}
          labelFormatter={(day) => formats.day(String(day))}
          formatter={(value) => formats.number(Number(value))}
          contentStyle={{ background: "var(--raised)", border: "1px solid var(--line)", borderRadius: 8, fontSize: 13 }}
          itemStyle={{ color: "var(--ink)" }}
          labelStyle={{ fontWeight: 600 }}
        />
        <Legend verticalAlign="top" align="right" height={28} iconType="square" iconSize={10} itemSorter={null} formatter={legendText} />
        {shown.map((purpose) => (
          <Bar key={purpose} dataKey={purpose} stackId="uses" name={t(`uses.${purpose}`)} fill={`color-mix(in srgb, var(--own) ${shade[purpose]}%, var(--surface))`} isAnimationActive={false} maxBarSize={28} />
        ))}
      </BarChart>
    </ResponsiveContainer>
  );
}

function legendText(name: string) {
  return <span className="text-xs text-muted">{name}</span>;
}
