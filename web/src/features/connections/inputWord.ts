// What a model can be given, as a word.
import type { useTranslation } from "react-i18next";

export type Translate = ReturnType<typeof useTranslation<"connections">>["t"];

export function inputWord(t: Translate, input: string): string {
  switch (input) {
    case "text":
    case "image":
    case "audio":
    case "video":
    case "file":
    case "tools":
      return t(`inputs.${input}`);
    default:
      return input;
  }
}
