// The team's name.
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { PageSection } from "@/ui/PageSection";
import { useTeamAct } from "./queries";

export function TeamName({ name }: { name: string }) {
  const { t } = useTranslation("team");
  const { t: common } = useTranslation();
  const act = useTeamAct();
  const [typed, setTyped] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const shown = typed ?? name;
  const hasChanged = shown.trim() !== name;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (shown.trim() === "") return setError(t("name.missing"));
    if (!hasChanged) return;
    setError(null);
    try {
      await act.mutateAsync({ kind: "rename", name: shown.trim() });
      setTyped(null);
      notify(t("saved"));
    } catch (thrown) {
      setError(asProblem(thrown).message);
    }
  };
  return (
    <PageSection id="team-name" title={t("name.title")}>
      <form noValidate onSubmit={(event) => void save(event)} className="flex max-w-md flex-col gap-4">
        <Field label={t("name.label")} hint={t("name.help")} error={error}>
          <Input value={shown} maxLength={120} autoComplete="organization" onChange={(event) => setTyped(event.target.value)} />
        </Field>
        <div><Button type="submit" variant={hasChanged ? "primary" : "secondary"} busy={act.isPending} aria-disabled={!hasChanged}>{common("action.save")}</Button></div>
      </form>
    </PageSection>
  );
}
