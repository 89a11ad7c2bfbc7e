// A field as tall as its words, where the browser can't do that by itself (`field-sizing`).
import { type RefObject, useLayoutEffect, useRef } from "react";

const canByItself = CSS.supports("field-sizing", "content");
/** The field's `max-h-80`. */
const maxHeightPx = 320;

/** Gives what the field is known by. */
export function useGrowing(text: string): RefObject<HTMLTextAreaElement | null> {
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const area = field.current;
    // To measure is to lay the page out, with each letter.
    if (canByItself || !area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, maxHeightPx)}px`;
  }, [text]);
  return field;
}
