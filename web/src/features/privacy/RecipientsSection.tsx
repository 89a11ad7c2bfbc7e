// Whom words of the team may reach, their secrecy undertakings, and the rule that only cleared models are used.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { Table, Td, Th } from "@/ui/Table";
import { type Recipient, type RecipientList, recipientsQuery, useClearing, useOwnHardware } from "./queries";
import { UndertakingDialog } from "./UndertakingDialog";

const SOON_DAYS = 30;

export function RecipientsSection() {
  const { t } = useTranslation("privacy");
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(recipientsQuery);
  return (
    <PageSection id="recipients" title={t("recipients.title")} about={t("recipients.about")}>
      {!data && !error ? <Skeleton lines={4} label={common("loading")} /> : null}
      {!data && error ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      {data ? <Recipients list={data} /> : null}
    </PageSection>
  );
}

function Recipients({ list }: { list: RecipientList }) {
  const { t } = useTranslation("privacy");
  const [edited, setEdited] = useState<Recipient | null>(null);
  const [isOpen, setIsOpen] = useState(false);
  const edit = (one: Recipient) => { setEdited(one); setIsOpen(true); };
  return (
    <>
      <ClearingRule list={list} />
      {list.recipients.length === 0 ? <p className="text-sm text-muted">{t("recipients.none")}</p> : (
        <Table stacks label={t("recipients.title")} head={<><Th>{t("recipients.name")}</Th><Th>{t("recipients.where")}</Th><Th>{t("recipients.undertaking")}</Th>{list.may_rule ? <Th className="relative"><span className="sr-only">{t("recipients.change")}</span></Th> : null}</>}>
          {list.recipients.map((one) => (
            <tr key={one.connection_id ?? one.provider}>
              <Td className="min-w-32"><span className="font-semibold wrap-anywhere">{one.name}</span><br /><span className="text-muted">{t("recipients.models", { count: one.models })}{one.enabled ? "" : ` · ${t("recipients.paused")}`}</span></Td>
              <Td className="min-w-32"><Where one={one} /></Td>
              <Td><Signed one={one} rules={list.only_cleared} />{one.needs_owner ? <Unconfirmed one={one} mayRule={list.may_rule} /> : null}</Td>
              {list.may_rule ? <Td numeric><Button size="sm" onClick={() => edit(one)} aria-label={t("recipients.change_of", { name: one.name })}>{t("recipients.change")}</Button></Td> : null}
            </tr>
          ))}
        </Table>
      )}
      {edited ? <UndertakingDialog key={`${edited.connection_id ?? edited.provider} ${isOpen}`} of={edited} open={isOpen} onClose={() => setIsOpen(false)} /> : null}
    </>
  );
}

function ClearingRule({ list }: { list: RecipientList }) {
  const { t } = useTranslation("privacy");
  const act = useClearing();
  const seen = Object.fromEntries(list.recipients.flatMap((one) => (one.connection_id === null ? [] : [[one.connection_id, one.zone_since]])));
  const shut = list.recipients.filter((one) => !one.is_cleared && one.enabled && one.models > 0).length;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-col gap-2">
        <Checkbox checked={list.only_cleared} disabled={!list.may_rule || act.isPending} onChange={(checked) => act.mutate({ only_cleared: checked, seen })} label={t("clearing.label")} />
        <p className="max-w-2xl text-sm text-muted">{t("clearing.about")}</p>
      </div>
      {shut > 0 ? <Note tone={list.only_cleared ? "warn" : "info"}>{t(list.only_cleared ? "clearing.shut" : "clearing.would_shut", { count: shut })}</Note> : null}
      {act.error ? <Note tone="danger">{asProblem(act.error).message}</Note> : null}
    </div>
  );
}

function Where({ one }: { one: Recipient }) {
  const { t } = useTranslation("privacy");
  const { t: seals } = useTranslation("seals");
  return (
    <>
      {seals(`zone.${one.zone}`)}
      <br />
      <span className="text-muted wrap-anywhere">{one.data_location || t("recipients.no_location")}</span>
    </>
  );
}

function Signed({ one, rules }: { one: Recipient; rules: boolean }) {
  const { t } = useTranslation("privacy");
  const formats = useFormats();
  const signed = one.undertaking;
  const left = signed?.days_left ?? null;
  const mark = one.is_cleared ? (left !== null && left <= SOON_DAYS ? "soon" : "cleared") : left !== null && left < 0 ? "over" : "missing";
  const tone = { cleared: "ok", soon: "warn", over: "danger", missing: rules ? "danger" : "neutral" } as const;
  return (
    <div className="flex flex-col items-start gap-1">
      <Badge tone={tone[mark]}>{one.zone === "own_hardware" && !signed ? t(one.needs_owner ? "cleared.unconfirmed" : "cleared.in_house") : t(`cleared.${mark}`)}</Badge>
      {signed ? <span className="wrap-anywhere">{t("recipients.signed", { signer: signed.signer, day: formats.day(signed.signed_on) })}</span> : null}
      {signed?.expires_on ? <span className="text-muted">{t("recipients.until", { day: formats.day(signed.expires_on), days: formats.days(left ?? 0) })}</span> : null}
      {signed?.document ? <span className="text-muted wrap-anywhere">{signed.document}</span> : null}
    </div>
  );
}

function Unconfirmed({ one, mayRule }: { one: Recipient; mayRule: boolean }) {
  const { t } = useTranslation("privacy");
  const act = useOwnHardware();
  return (
    <div className="mt-1 flex flex-col items-start gap-1">
      <span className="text-muted">{t("cleared.unconfirmed_about")}</span>
      {mayRule ? <Button size="sm" disabled={act.isPending} onClick={() => act.mutate(one)} aria-label={t("cleared.confirm_of", { name: one.name })}>{t("cleared.confirm")}</Button> : null}
      {act.error ? <Note tone="danger">{asProblem(act.error).message}</Note> : null}
    </div>
  );
}
