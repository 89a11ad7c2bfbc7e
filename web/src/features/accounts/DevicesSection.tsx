// Where one is signed in: this browser first, then the others, each to be ended.
import { useQuery } from "@tanstack/react-query";
import { Laptop, Smartphone } from "lucide-react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { type Device, devicesQuery, useEndDevice } from "./devices";

const methods = ["password", "passkey", "identity_provider"] as const;

export function DevicesSection() {
  const { t } = useTranslation("security");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(devicesQuery);
  const end = useEndDevice();
  const endOthers = () => end.mutate(null, { onSuccess: () => notify(t("devices.others_ended")), onError: (thrown) => notify(asProblem(thrown).message, "danger") });
  const others = data?.devices.filter((device) => !device.is_this) ?? [];
  return (
    <PageSection
      id="devices"
      title={t("devices.title")}
      about={t("devices.about")}
      actions={others.length > 0 ? <Button variant="danger" busy={end.isPending && end.variables === null} onClick={endOthers}>{t("devices.end_others")}</Button> : null}
    >
      {!data && !error ? <Skeleton lines={3} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <ul aria-labelledby="devices" className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {data.devices.map((device) => <DeviceRow key={device.id} device={device} />)}
        </ul>
      ) : null}
      {data && others.length === 0 ? <p className="text-sm text-muted">{t("devices.no_others")}</p> : null}
    </PageSection>
  );
}

function useDeviceName(): (device: Device) => string {
  const { t } = useTranslation("security");
  return ({ browser, system }) => {
    if (browser && system) return t("devices.browser_on", { browser, system });
    return browser || system || t("devices.unknown");
  };
}

function DeviceRow({ device }: { device: Device }) {
  const { t } = useTranslation("security");
  const formats = useFormats();
  const nameOf = useDeviceName();
  const end = useEndDevice();
  const name = nameOf(device);
  const method = methods.find((known) => known === device.method);
  const Icon = /^(?:iPhone|Android)$/.test(device.system) ? Smartphone : Laptop;
  const facts = [
    method ? t(`devices.method.${method}`) : device.method,
    ...(device.has_second_factor ? [t("devices.second_factor")] : []),
    device.network ? t("devices.network", { network: device.network }) : t("devices.no_network"),
    device.team_name,
  ];
  const stop = () => end.mutate(device.id, { onSuccess: () => notify(t("devices.ended", { name })), onError: (thrown) => notify(asProblem(thrown).message, "danger") });
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
      <div className="flex min-w-0 flex-1 basis-64 gap-3">
        <Icon aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-muted" />
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-2 font-semibold">{name}{device.is_this ? <Badge tone="ok">{t("devices.this")}</Badge> : null}</p>
          <p className="text-sm text-muted [overflow-wrap:anywhere]">{facts.join(" · ")}</p>
          <p className="text-sm text-muted">{t("devices.times", { since: formats.dateTime(device.signed_in_at), seen: formats.ago(device.seen_at) })}</p>
        </div>
      </div>
      {device.is_this ? null : <Button size="sm" variant="danger" busy={end.isPending} aria-label={t("devices.end_name", { name })} onClick={stop}>{t("devices.end")}</Button>}
    </li>
  );
}
