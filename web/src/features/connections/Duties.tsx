// Who answers for what (P18), said where it matters: before saving and on the list.
import { useTranslation } from "react-i18next";

const parts = ["moorage", "team", "gap", "worth"] as const;

export function Duties() {
  const { t } = useTranslation("connections");
  return (
    <section aria-labelledby="duties" className="flex flex-col gap-3 border-t border-line pt-6">
      <h2 id="duties" className="text-base">{t("duty.title")}</h2>
      <dl className="grid gap-x-8 gap-y-4 text-sm sm:grid-cols-2">
        {parts.map((part) => (
          <div key={part}>
            <dt className="font-semibold">{t(`duty.${part}.title`)}</dt>
            <dd className="text-muted">{t(`duty.${part}.text`)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
