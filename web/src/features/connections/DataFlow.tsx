// One sentence on where the words go, in the colour of the origin.
import { useTranslation } from "react-i18next";
import { OriginMark } from "@/ui/Badge";
import type { Zone } from "./hints";

export function DataFlow({ zone, name, location }: { zone: Zone; name: string; location: string }) {
  const { t } = useTranslation("connections");
  return (
    <div data-origin={zone} className="flex flex-col gap-1 border-l-[3px] border-origin py-0.5 pl-4">
      <h3 className="text-sm">{t("wizard.flow_title")}</h3>
      <p className="text-sm">{t(`wizard.flow.${zone}`, { name })}</p>
      <p className="flex flex-wrap gap-x-3 text-sm text-muted">
        <OriginMark origin={zone} />
        {location ? t("wizard.flow_location", { location }) : t("wizard.flow_unknown")}
      </p>
    </div>
  );
}
