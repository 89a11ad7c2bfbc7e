// Says what a sum of tokens rests on (P16): which calls were reported, which estimated, which have no figure.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { countedCalls, sourceOf, type Tokens } from "./counted";

/** `isBrief`: beside a share that says already how much was reported. */
export function SourceMark({ tokens, isBrief = false }: { tokens: Tokens; isBrief?: boolean }) {
  const { t } = useTranslation("oversight");
  const formats = useFormats();
  const source = sourceOf(tokens);
  const missing = tokens.missing_calls;
  const calls = formats.number(countedCalls(tokens));
  return (
    <>
      {source === "mixed" ? <span className="block">{t("source.some_estimated", { some: formats.number(tokens.estimated_calls), calls })}</span> : null}
      {source === "reported" && !isBrief ? <span className="block">{t("source.reported")}</span> : null}
      {source === "estimated" ? <span className="block">{t("source.estimated")}</span> : null}
      {source === "none" ? <span className="block">{t("source.none")}</span> : null}
      {missing > 0 ? <span className="block text-warn">{t("source.missing", { some: formats.number(missing), calls })}</span> : null}
    </>
  );
}
