// Why own models are closed for this team now (P14), and that nothing is lost.
import { useTranslation } from "react-i18next";
import { Note } from "@/ui/States";
import type { Problem } from "./types";

export function RefusalNote({ refusal }: { refusal: Problem }) {
  const { t } = useTranslation("connections");
  return (
    <Note tone="warn">
      <p className="font-semibold">{refusal.message}</p>
      <p>{t("refused.stays")}</p>
    </Note>
  );
}
