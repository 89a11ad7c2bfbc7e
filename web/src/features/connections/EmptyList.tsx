// Before the first connection: what is needed, for each kind of server that works today.
import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { buttonClass } from "@/ui/Button";

const kinds = ["openai", "ollama", "openrouter"] as const;

export function EmptyList() {
  const { t } = useTranslation("connections");
  return (
    <section className="flex flex-col items-start gap-5">
      <div className="max-w-2xl">
        <h2 className="text-lg">{t("empty.title")}</h2>
        <p className="text-muted">{t("empty.lead")}</p>
      </div>
      <dl className="grid w-full divide-line rounded-lg border border-line bg-surface max-md:divide-y md:grid-cols-3 md:divide-x">
        {kinds.map((kind) => (
          <div key={kind} className="flex flex-col gap-1 p-4">
            <dt className="font-semibold">{t(`empty.${kind}.title`)}</dt>
            <dd className="text-sm text-muted">{t(`empty.${kind}.text`)}</dd>
          </div>
        ))}
      </dl>
      <Link to="/settings/models/custom/new" className={buttonClass("primary")}><Plus aria-hidden="true" />{t("connect")}</Link>
    </section>
  );
}
