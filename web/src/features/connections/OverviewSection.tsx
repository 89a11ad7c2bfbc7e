// Name, origin, data location, maintainer, expiry: what is not secret and can be changed at once.
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { OriginIcon } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { Radios } from "@/ui/Radios";
import { Note } from "@/ui/States";
import { DataFlow } from "./DataFlow";
import type { Zone } from "./hints";
import { MaintainerField } from "./MaintainerField";
import { useChangeConnection } from "./queries";
import { Section, type SectionProps } from "./Section";
import type { ConnectionView, Problem } from "./types";

interface Shown {
  name: string;
  zone: Zone;
  location: string;
  maintainer: string;
  expires: string;
}

const shownOf = (connection: ConnectionView): Shown => ({
  name: connection.name,
  zone: connection.zone,
  location: connection.data_location,
  maintainer: connection.maintainer_id ?? "",
  expires: connection.key.expires_on ?? "",
});

/** Only what differs is sent, so that two people editing different fields don't undo each other. */
function changesOf(before: Shown, now: Shown) {
  return {
    ...(now.name === before.name ? {} : { name: now.name }),
    ...(now.zone === before.zone ? {} : { zone: now.zone }),
    ...(now.location === before.location ? {} : { data_location: now.location }),
    ...(now.maintainer === before.maintainer ? {} : { maintainer_id: now.maintainer || null }),
    ...(now.expires === before.expires ? {} : { key_expires_on: now.expires }),
  };
}

export function OverviewSection({ connection, isReadOnly }: SectionProps) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const formats = useFormats();
  const change = useChangeConnection(connection.id);
  const [edits, setEdits] = useState<Partial<Shown>>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const before = shownOf(connection);
  const form = { ...before, ...edits };
  const edit = (more: Partial<Shown>) => setEdits({ ...edits, ...more });
  const changes = changesOf(before, form);
  const hasChanges = Object.keys(changes).length > 0;
  const errorOf = (field: string) => (problem?.field === field ? problem.message : null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!hasChanges) return;
    setProblem(null);
    try {
      await change.mutateAsync(changes);
      setEdits({});
      notify(t("action.saved"));
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <Section id="overview" title={t("page.overview")}>
      <DataFlow zone={connection.zone} name={connection.name} location={connection.data_location} />
      <form noValidate onSubmit={(event) => void save(event)}>
        <fieldset disabled={isReadOnly} className="grid gap-5 sm:grid-cols-2">
          <div className="flex flex-col gap-5">
            <Field label={t("wizard.name")} hint={t("wizard.name_help")} error={errorOf("name")}>
              <Input value={form.name} maxLength={80} required onChange={(event) => edit({ name: event.target.value })} />
            </Field>
            <Field label={t("wizard.location")} hint={t("wizard.location_help")} optional={common("optional")} error={errorOf("data_location")}>
              <Input value={form.location} maxLength={120} onChange={(event) => edit({ location: event.target.value })} />
            </Field>
          </div>
          <Radios<Zone>
            legend={t("wizard.zone")}
            hint={t("wizard.zone_help")}
            value={form.zone}
            onChange={(zone) => edit({ zone })}
            options={(["own_hardware", "own_contract", "router"] as const).map((zone) => ({
              value: zone,
              label: t(`wizard.zone_${zone}`),
              icon: <span data-origin={zone} className="text-origin"><OriginIcon origin={zone} /></span>,
            }))}
          />
          <MaintainerField value={form.maintainer} onChange={(maintainer) => edit({ maintainer })} />
          <Field label={t("wizard.expires")} hint={t("wizard.expires_help")} optional={common("optional")} error={errorOf("key_expires_on")}>
            <Input type="date" value={form.expires} onChange={(event) => edit({ expires: event.target.value })} />
          </Field>
          {problem && !["name", "data_location", "key_expires_on"].includes(problem.field ?? "") ? <div className="sm:col-span-2"><Note tone="danger">{problem.message}</Note></div> : null}
          <div className="flex flex-wrap items-center gap-3 sm:col-span-2">
            <Button type="submit" variant={hasChanges ? "primary" : "secondary"} busy={change.isPending} aria-disabled={!hasChanges || isReadOnly}>{common("action.save")}</Button>
            {hasChanges ? <span className="text-sm text-muted">{t("models.unsaved")}</span> : null}
          </div>
        </fieldset>
      </form>
      <dl className="grid gap-x-8 gap-y-2 text-sm sm:grid-cols-2">
        <div><dt className="text-muted">{t("page.created")}</dt><dd>{t("page.by", { date: formats.dateTime(connection.created_at), name: connection.created_by })}</dd></div>
        <div><dt className="text-muted">{t("page.changed")}</dt><dd>{formats.dateTime(connection.updated_at)}</dd></div>
      </dl>
    </Section>
  );
}
