// Seals a conversation or makes its seal tighter; owners and admins lift it from here, everybody else asks them.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Check, Link2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { keys } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { notify } from "@/ui/Announcer";
import { LiftSeal } from "@/sealing/LiftSeal";
import { ZoneTicks } from "@/sealing/ZoneTicks";
import { type SealZone, sealZones } from "@/sealing/zones";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Note } from "@/ui/States";
import { useCopy } from "@/ui/useCopy";
import { conversationChanged, sealConversation } from "./data";
import type { OpenSeal } from "./seal";

export function SealDialog({ seal, onClose }: { seal: OpenSeal; onClose: () => void }) {
  const { t } = useTranslation(["sealing", "common"]);
  const client = useQueryClient();
  const { canManage } = useSignedIn();
  const id = seal.conversationId;
  const [zones, setZones] = useState<readonly SealZone[]>(seal.zones ?? ["own_hardware"]);
  const [isLifting, setIsLifting] = useState(false);
  const change = useMutation({
    mutationFn: (wanted: readonly SealZone[]) => sealConversation(id ?? "", wanted),
    onSuccess: (view) => {
      client.setQueryData(keys.conversation(view.id), view);
      conversationChanged(client, view.id);
      notify(t("dialog.done"));
      onClose();
    },
  });
  const hasChanged = zones.length > 0 && (seal.zones === null || zones.join() !== seal.zones.join());
  // Nothing is stored yet: what was chosen a moment ago may be chosen anew.
  const open = (id ? seal.zones : seal.widest) ?? sealZones;
  const canOpen = !id && seal.zones !== null && seal.widest === null;
  const save = () => {
    if (id) change.mutate(zones);
    else {
      seal.setFresh(zones);
      onClose();
    }
  };
  if (isLifting && id) {
    return (
      <Dialog open onClose={onClose} title={t("lift.title")}>
        <LiftSeal id={id} present={seal.zones ?? []} onCancel={onClose} onDone={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t(seal.zones ? "dialog.titleSealed" : "dialog.title")}
      description={<><p>{t("dialog.text")}</p>{id ? <p className="pt-1.5">{t("dialog.past")}</p> : null}</>}
      actions={
        <>
          {id && seal.zones && canManage ? <Button onClick={() => setIsLifting(true)}>{t("lift.open")}</Button> : null}
          {canOpen ? <Button onClick={() => (seal.setFresh(null), onClose())}>{t("dialog.without")}</Button> : null}
          <Button onClick={onClose}>{t("common:action.close")}</Button>
          <Button variant="primary" busy={change.isPending} aria-disabled={!hasChanged || undefined} onClick={() => hasChanged && save()}>{t(id && seal.zones ? "dialog.tighten" : "dialog.act")}</Button>
        </>
      }
    >
      {change.error ? <Note tone="danger">{asProblem(change.error).message}</Note> : null}
      <ZoneTicks legend={t("dialog.may")} chosen={zones} open={open} busy={change.isPending} onChange={setZones} />
      {id && seal.zones && !canManage ? <AskToLift id={id} /> : null}
    </Dialog>
  );
}

function AskToLift({ id }: { id: string }) {
  const { t } = useTranslation("sealing");
  const { copied, copy } = useCopy();
  return (
    <Note actions={<Button size="sm" onClick={() => copy(`${location.origin}/settings/team/conversations?id=${id}`)}>{copied ? <Check aria-hidden="true" /> : <Link2 aria-hidden="true" />}{t(copied ? "lift.copied" : "lift.copy")}</Button>}>
      {t("lift.askOthers")}
    </Note>
  );
}
