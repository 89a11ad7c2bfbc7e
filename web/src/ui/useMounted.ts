// Whether a page is still there once what it waited for has come: who left it wants nothing more of it.
import { type RefObject, useLayoutEffect, useRef } from "react";

/** Stable; false from the moment in which the page goes. */
export function useMounted(): RefObject<boolean> {
  const mounted = useRef(true);
  useLayoutEffect(() => {
    mounted.current = true;
    return () => void (mounted.current = false);
  }, []);
  return mounted;
}
