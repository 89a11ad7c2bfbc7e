// A day, from the calendar or by keyboard. While it is typed the browser tells of days that are none yet: with the first
// digit of the year, of one in the year 2. They stay in the field, and only a whole one is told on.
import { useState } from "react";
import { cx } from "@/ui/cx";
import { inputClass } from "@/ui/inputClass";
import { isDay, lastDay } from "./searchFilters";

export interface DayFieldProps {
  /** A day, or "". */
  value: string;
  onChange: (day: string) => void;
  /** What stands in the field is no day, or not yet: whoever saves must not take the day before it for meant. */
  onHalf?: () => void;
  first?: string;
  last?: string;
  wrong?: boolean;
  /** Id of what is said of it. */
  describedBy?: string;
}

export function DayField({ value, onChange, onHalf, first, last = lastDay, wrong, describedBy }: DayFieldProps) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  // Set from elsewhere: by "Back", or by the button that takes it away.
  if (value !== known) {
    setKnown(value);
    setTyped(value);
  }
  const type = (text: string) => {
    setTyped(text);
    if (text !== "" && !isDay(text)) onHalf?.();
    // After a half one, the day that was known is told again.
    else if (text !== value || onHalf) onChange(text);
  };
  return (
    <input
      type="date"
      min={first}
      max={last}
      value={typed}
      onChange={(event) => type(event.target.value)}
      aria-invalid={wrong || undefined}
      aria-describedby={describedBy}
      className={cx(inputClass, "text-sm")}
    />
  );
}
