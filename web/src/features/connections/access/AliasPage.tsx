// One alias: what it stands for, since when, and everything it stood for before.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { asProblem, ProblemError } from "@/api/client";
import { ManagersOnly } from "../ManagersOnly";
import { useFormats } from "@/i18n/format";
import { notify } from "@/ui/Announcer";
import { OriginMark } from "@/ui/Badge";
import { Button, buttonClass } from "@/ui/Button";
import { ConfirmDialog, Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { Page } from "@/ui/Page";
import { PageSection } from "@/ui/PageSection";
import { Skeleton } from "@/ui/Spinner";
import { EmptyState, ErrorState } from "@/ui/States";
import { Table, Td, Th } from "@/ui/Table";
import { AliasDialog } from "./AliasDialog";
import { type AliasHistory, aliasQuery, type AliasView, useAliasAct, useDeleteAlias } from "./queries";

const LIST = "/settings/models/aliases";

export function Component() {
  const { t } = useTranslation("access");
  const { aliasId = "" } = useParams();
  return (
    <ManagersOnly title={t("alias.title")}>
      <AliasPage key={aliasId} id={aliasId} />
    </ManagersOnly>
  );
}

function AliasPage({ id }: { id: string }) {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const { date } = useFormats();
  const { data, error, refetch } = useQuery(aliasQuery(id));
  const [open, setOpen] = useState<"point" | "rename" | "delete" | null>(null);
  const close = () => setOpen(null);
  const crumbs = <Link to={LIST} className="link">{t("alias.title")}</Link>;
  if (!data) {
    const isGone = error instanceof ProblemError && [404, 422].includes(error.status);
    return (
      <Page title={t("alias.title")} back={crumbs}>
        {error ? null : <Skeleton lines={6} label={common("loading")} />}
        {isGone ? <EmptyState title={t("alias.gone")} actions={<Link to={LIST} className={buttonClass()}>{t("alias.to_list")}</Link>} /> : null}
        {error && !isGone ? <ErrorState error={error} onRetry={() => void refetch()} /> : null}
      </Page>
    );
  }
  const { alias } = data;
  return (
    <Page
      title={alias.name}
      back={<>{crumbs} / {alias.name}</>}
      actions={
        <>
          <Button variant="primary" onClick={() => setOpen("point")}>{t("alias.point")}</Button>
          <Button onClick={() => setOpen("rename")}>{t("alias.rename")}</Button>
          <Button variant="danger" onClick={() => setOpen("delete")}>{t("alias.delete")}</Button>
        </>
      }
    >
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg border border-line bg-surface px-4 py-3">
        <span className="text-muted">{t("alias.target")}</span>
        <span className="font-semibold wrap-anywhere">{alias.model_name}</span>
        <span className="text-muted wrap-anywhere">{alias.connection_name}</span>
        <OriginMark origin={alias.origin} quiet className="text-sm" />
        <span className="text-sm text-muted tnum">{t("alias.since", { date: date(alias.since) })}</span>
      </p>
      <History turns={data.turns} />
      {open === "point" ? <AliasDialog alias={alias} onClose={close} /> : null}
      {open === "rename" ? <RenameDialog alias={alias} onClose={close} /> : null}
      {open === "delete" ? <DeleteDialog alias={alias} onClose={close} /> : null}
    </Page>
  );
}

function History({ turns }: { turns: AliasHistory["turns"] }) {
  const { t } = useTranslation("access");
  const { dateTime } = useFormats();
  return (
    <PageSection id="history" title={t("alias.history")}>
      <Table
        label={t("alias.history")}
        head={<><Th>{t("alias.history_when")}</Th><Th>{t("alias.history_model")}</Th><Th>{t("alias.history_by")}</Th><Th>{t("alias.history_reason")}</Th></>}
      >
        {turns.map((turn, at) => (
          <tr key={turn.at + turn.target_ref}>
            <Td className="whitespace-nowrap">{dateTime(turn.at)}{at === 0 ? <span className="text-muted"> ({t("alias.now")})</span> : null}</Td>
            <Td className="min-w-48">
              <span className="block wrap-anywhere">{turn.model_name} <span className="text-muted">{turn.connection_name}</span></span>
              <OriginMark origin={turn.origin} quiet className="text-xs" />
            </Td>
            <Td>{turn.by_name}</Td>
            <Td className="min-w-32 wrap-anywhere">{turn.reason || "–"}</Td>
          </tr>
        ))}
      </Table>
    </PageSection>
  );
}

interface PartProps {
  alias: AliasView;
  onClose: () => void;
}

function RenameDialog({ alias, onClose }: PartProps) {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const id = useId();
  const act = useAliasAct();
  const [name, setName] = useState(alias.name);
  const save = (event: FormEvent) => {
    event.preventDefault();
    act.mutate({ kind: "rename", id: alias.id, name }, { onSuccess: () => (notify(t("alias.renamed")), onClose()) });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("alias.rename_title", { name: alias.name })}
      actions={
        <>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" form={id} variant="primary" busy={act.isPending}>{t("alias.rename")}</Button>
        </>
      }
    >
      <form id={id} noValidate onSubmit={save}>
        <Field label={t("alias.name")} hint={t("alias.name_hint")} error={act.error ? asProblem(act.error).message : null}>
          <Input value={name} maxLength={80} autoComplete="off" onChange={(event) => (setName(event.target.value), act.reset())} />
        </Field>
      </form>
    </Dialog>
  );
}

function DeleteDialog({ alias, onClose }: PartProps) {
  const { t } = useTranslation("access");
  const navigate = useNavigate();
  const remove = useDeleteAlias();
  const confirm = () =>
    remove.mutate(alias.id, {
      onSuccess: () => {
        notify(t("alias.deleted", { name: alias.name }));
        void navigate(LIST);
      },
    });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={confirm}
      title={t("alias.delete_title", { name: alias.name })}
      description={t("alias.delete_text")}
      confirm={t("alias.delete")}
      busy={remove.isPending}
      error={remove.error ? asProblem(remove.error).message : null}
    />
  );
}
