// True once a state has lasted for a while. Short hiccups are nobody's business.
import { useEffect, useState } from "react";

export function useLongState(isOn: boolean, afterMs: number): boolean {
  const [lasted, setLasted] = useState(false);
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setTimeout(() => setLasted(true), afterMs);
    return () => {
      clearTimeout(timer);
      setLasted(false);
    };
  }, [isOn, afterMs]);
  return isOn && lasted;
}
