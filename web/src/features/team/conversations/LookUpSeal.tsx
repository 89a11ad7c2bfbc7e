// Looks a conversation's seal up by its id, shows whose it is, and lifts it with a reason. Nothing of its content is asked for.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api, asProblem, type Schemas } from "@/api/client";
import { useFormats } from "@/i18n/format";
import { LiftSeal } from "@/sealing/LiftSeal";
import { useSealWords } from "@/sealing/zones";
import { Button } from "@/ui/Button";
import { PageSection } from "@/ui/PageSection";
import { conversationIdIn } from "./conversationId";
import { IdForm } from "./IdForm";

type SealView = Schemas["SealView"];

export function LookUpSeal() {
  const { t } = useTranslation("sealing");
  const [search] = useSearchParams();
  const wanted = conversationIdIn(search.get("id") ?? "");
  const [found, setFound] = useState<SealView | null>(null);
  const { mutate, isPending, error } = useMutation({
    mutationFn: (id: string) => api.get<SealView>(`/api/team/seals/${id}`),
    onMutate: () => setFound(null),
    onSuccess: setFound,
  });
  useEffect(() => {
    if (wanted) mutate(wanted);
  }, [wanted, mutate]);
  return (
    <PageSection id="lift-seal" title={t("find.title")} about={t("find.about")}>
      <IdForm initial={wanted ?? ""} error={error ? asProblem(error).message : null} onId={(id) => mutate(id)}>
        <Button type="submit" busy={isPending}>{t("find.act")}</Button>
      </IdForm>
      {found ? <Found key={found.conversation_id} view={found} onChange={setFound} /> : null}
    </PageSection>
  );
}

function Found({ view, onChange }: { view: SealView; onChange: (view: SealView | null) => void }) {
  const { t } = useTranslation("sealing");
  const words = useSealWords();
  const { dateTime } = useFormats();
  return (
    <div className="flex max-w-xl flex-col gap-4 rounded-lg border border-line bg-surface p-4" aria-live="polite">
      <div>
        <p className="font-semibold">{view.is_own ? t("find.own") : t("find.owner", { name: view.owner_name })}</p>
        <p className="text-sm">{view.sealed_to ? words(view.sealed_to) : t("find.open")}</p>
        {view.sealed_at ? <p className="text-xs text-muted">{t("find.since", { time: dateTime(view.sealed_at) })}</p> : null}
      </div>
      {view.sealed_to ? <LiftSeal key={view.sealed_at} id={view.conversation_id} present={view.sealed_to} onCancel={() => onChange(null)} onDone={onChange} /> : null}
    </div>
  );
}
