// The end of the wizard: the connection is there, and the next thing to do is to write with it.
import { CircleCheck } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Button, buttonClass } from "@/ui/Button";
import { DataFlow } from "./DataFlow";
import type { ConnectionView } from "./types";

export function ReadyView({ connection, onAnother }: { connection: ConnectionView; onAnother: () => void }) {
  const { t } = useTranslation("connections");
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const enabled = connection.models.filter((model) => model.enabled);
  const page = `/settings/models/custom/${connection.id}`;
  const first = enabled[0];
  return (
    <div className="flex flex-col gap-6">
      <div className="flex items-start gap-3">
        <CircleCheck aria-hidden="true" className="mt-0.5 size-7 shrink-0 text-ok" />
        <div>
          <h2 ref={heading} tabIndex={-1} className="text-lg outline-none">{t("wizard.ready", { name: connection.name })}</h2>
          <p className="text-muted">{enabled.length === 0 ? t("wizard.ready_none") : t("wizard.ready_models", { count: enabled.length })}</p>
        </div>
      </div>
      {enabled.length > 0 ? (
        <ul className="flex flex-col divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {enabled.slice(0, 8).map((model) => (
            <li key={model.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
              <span className="min-w-0 font-semibold [overflow-wrap:anywhere]">{model.name}</span>
              {model === first ? null : <Link to={tryPath(model.ref)} className="link text-sm">{t("wizard.try")}</Link>}
              {model === first ? <Link to={tryPath(model.ref)} className={buttonClass("primary")}>{t("wizard.try")}</Link> : null}
            </li>
          ))}
          {enabled.length > 8 ? <li className="px-4 py-2 text-sm text-muted">{t("models.and_more", { count: enabled.length - 8 })}</li> : null}
        </ul>
      ) : null}
      <DataFlow zone={connection.zone} name={connection.name} location={connection.data_location} />
      <div className="flex flex-wrap gap-2">
        <Link to={page} className={buttonClass(first ? "secondary" : "primary")}>{t("wizard.open")}</Link>
        <Button onClick={onAnother}>{t("wizard.another")}</Button>
      </div>
    </div>
  );
}

const tryPath = (ref: string) => `/?model=${encodeURIComponent(ref)}`;
