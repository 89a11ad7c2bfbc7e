// Leads to the guide for Ollama, in a window of its own: what was typed, the key included, stays where it is.
import { useTranslation } from "react-i18next";

export function GuideLink() {
  const { t } = useTranslation("connections");
  return <a href="/settings/models/ollama" target="_blank" rel="noopener" className="link">{t("guide.link")}</a>;
}
