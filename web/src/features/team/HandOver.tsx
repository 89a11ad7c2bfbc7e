// Hands the team over: somebody else becomes owner and oneself admin, in one act, after a proof.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { PageSection } from "@/ui/PageSection";
import { Select } from "@/ui/Select";
import { type MemberView, useTeamAct } from "./queries";

export function HandOver({ members }: { members: MemberView[] }) {
  const { t } = useTranslation("team");
  const { t: common } = useTranslation();
  const act = useTeamAct();
  const others = members.filter((member) => member.role !== "owner");
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [isOpen, setIsOpen] = useState(false);
  const chosen = others.find((member) => member.user_id === chosenId) ?? others[0];
  const handOver = () => {
    if (!chosen) return;
    act.mutate({ kind: "hand_over", userId: chosen.user_id }, {
      onSuccess: () => {
        setIsOpen(false);
        notify(t("hand_over.done", { name: chosen.name }));
      },
    });
  };
  return (
    <PageSection id="hand-over" title={t("hand_over.title")} about={chosen ? t("hand_over.about") : t("hand_over.nobody")}>
      {chosen ? (
        <div className="flex max-w-md flex-wrap items-end gap-4">
          <Field label={t("hand_over.to")} className="min-w-0 flex-1 basis-48">
            <Select value={chosen.user_id} onChange={setChosenId} options={others.map((member) => ({ value: member.user_id, label: member.name, hint: `${member.email} · ${common(`role.${member.role}`)}` }))} />
          </Field>
          <Button variant="danger" onClick={() => setIsOpen(true)}>{t("hand_over.action")}</Button>
          <ConfirmDialog
            open={isOpen}
            onClose={() => setIsOpen(false)}
            onConfirm={handOver}
            title={t("hand_over.confirm_title", { name: chosen.name })}
            description={<p className="text-sm">{t("hand_over.confirm_text", { name: chosen.name })}</p>}
            confirm={t("hand_over.action")}
            busy={act.isPending}
            error={act.error ? asProblem(act.error).message : null}
          />
        </div>
      ) : null}
    </PageSection>
  );
}
