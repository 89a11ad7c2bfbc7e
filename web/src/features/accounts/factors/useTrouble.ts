// One sentence for whatever went wrong: the browser's word about passkeys, or the server's Problem. Null is silence.
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { troubleOf } from "./webauthn";

export function useTrouble(): (error: unknown) => string | null {
  const { t } = useTranslation("factors");
  return (error) => {
    const trouble = troubleOf(error);
    if (trouble === "quiet") return null;
    return trouble ? t(`trouble.${trouble}`) : asProblem(error).message;
  };
}
