// Tokens per day as stacked bars. Loaded only when somebody looks at statistics; the table below it says the same in text.
import { useTranslation } from "react-i18next";
import { Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { formatsFor } from "@/i18n/format";
import { legendText, logColour, tick, tooltipLook } from "./chartLook";
import type { DayPoint, UsageLog } from "./figures";

export default function DayChart({ points, kind }: { points: DayPoint[]; kind: UsageLog["kind"] }) {
  const { t, i18n } = useTranslation("oversight");
  const formats = formatsFor(i18n.language);
  const short = new Intl.DateTimeFormat(i18n.language, { day: "numeric", month: "short", timeZone: "UTC" });
  const { full, pale } = logColour(kind);
  return (
    <ResponsiveContainer width="100%" height="100%">
      <BarChart data={points} margin={{ top: 4, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis dataKey="day" tickFormatter={(day: string) => short.format(new Date(`${day}T00:00:00Z`))} tick={tick} tickLine={false} stroke="var(--line)" minTickGap={24} />
        <YAxis tickFormatter={(value: number) => formats.compact(value)} tick={tick} tickLine={false} axisLine={false} width={66} />
        <Tooltip {...tooltipLook} labelFormatter={(day) => formats.day(String(day))} formatter={(value) => formats.number(Number(value))} />
        <Legend verticalAlign="top" align="right" height={28} iconType="square" iconSize={10} itemSorter={null} formatter={legendText} />
        <Bar dataKey="tokensIn" stackId="tokens" name={t("figure.tokens_in")} fill={pale} isAnimationActive={false} maxBarSize={36} />
        <Bar dataKey="tokensOut" stackId="tokens" name={t("figure.tokens_out")} fill={full} radius={[2, 2, 0, 0]} isAnimationActive={false} maxBarSize={36} />
      </BarChart>
    </ResponsiveContainer>
  );
}
