// The dry run of an erasure, and the button that carries it out; a whole team's name has to be typed.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { keys } from "@/api/queries";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { Skeleton } from "@/ui/Spinner";
import { Note } from "@/ui/States";
import { FateTable } from "./FateTable";
import { planQuery, useErasure } from "./queries";

export function ErasureDialog({ userId, name, onClose }: { userId: string | null; name: string; onClose: () => void }) {
  const { t } = useTranslation("privacy");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const { data: plan, error } = useQuery(planQuery(userId));
  const act = useErasure();
  const [typed, setTyped] = useState("");
  const isTeam = userId === null;
  const isMeant = !isTeam || typed === name;
  const erase = () => {
    if (!isMeant || !plan || act.isPending) return;
    act.mutate({ userId, name: typed }, {
      onSuccess: (begun) => {
        notify(t("erasure.begun", { receipt: begun.receipt_id }));
        onClose();
        // Who erases the team is signed out with it.
        if (isTeam) void client.invalidateQueries({ queryKey: keys.session });
      },
    });
  };
  const problem = error ?? act.error;
  return (
    <Dialog
      open
      wide
      alert
      onClose={onClose}
      title={t(isTeam ? "erasure.team_title" : "erasure.person_title", { name })}
      description={plan ? <p className="text-sm">{t(isTeam ? "erasure.team_plan" : plan.whole_account ? "erasure.whole_plan" : "erasure.part_plan")}</p> : null}
      actions={
        <>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button variant="danger" busy={act.isPending} aria-disabled={!plan || !isMeant} onClick={erase}>{t(isTeam ? "erasure.team" : "erasure.person")}</Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {problem ? <Note tone="danger">{asProblem(problem).message}</Note> : null}
        {!plan && !error ? <Skeleton lines={6} label={common("loading")} /> : null}
        {plan ? <FateTable lines={plan.lines} label={t("erasure.dry_run")} /> : null}
        {plan && isTeam ? (
          <Field label={t("erasure.type_name", { name })}>
            <Input value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
          </Field>
        ) : null}
      </div>
    </Dialog>
  );
}
