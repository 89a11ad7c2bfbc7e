// Replaces key, certificates or address. The server tests what is new first and swaps only if that passes (P10).
import { type FormEvent, useReducer, useState } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { useCertificateErrors } from "./CertificateFields";
import { hasStored, isSamePin, noCertificates, type Certificates } from "./certificates";
import { AddressField, AuthStyleField, KeyField } from "./EndpointFields";
import { endpointPath, NEW_TEST_PATH, useRefresh } from "./queries";
import { ReplaceCertificates } from "./ReplaceCertificates";
import { ReplaceOutcome, type Act } from "./ReplaceOutcome";
import { isReady, needsAddress, toReplace, toTryOut, type Replacement, type What } from "./replacing";
import { advance, fieldProblem, idleRun } from "./stages";
import type { ConnectionView } from "./types";
import { useStagedTest } from "./useStagedTest";

export interface ReplaceFormProps {
  what: What;
  connection: ConnectionView;
  onClose: () => void;
}

const emptyOf = (what: What): Replacement => ({
  what,
  url: "",
  apiKey: "",
  authStyle: "auto",
  choice: what === "key" ? "keep" : "enter",
  entered: noCertificates(),
});

export function ReplaceForm({ what, connection, onClose }: ReplaceFormProps) {
  const { t } = useTranslation("connections");
  const { t: common } = useTranslation();
  const isStored = hasStored(connection.tls);
  const [typed, setTyped] = useState(() => emptyOf(what));
  const [act, setAct] = useState<Act>("replace");
  const [run, dispatch] = useReducer(advance, null, idleRun);
  const staged = useStagedTest(dispatch);
  const refresh = useRefresh();
  const errors = useCertificateErrors(run);
  // Where nothing is stored there is nothing to keep or to remove.
  const wish: Replacement = isStored ? typed : { ...typed, choice: "enter" };
  const change = (part: Partial<Replacement>) => setTyped((before) => ({ ...before, ...part }));
  const enter = (part: Partial<Certificates>) => setTyped((before) => ({ ...before, entered: { ...before.entered, ...part } }));
  const isRunning = run.status === "running";
  const canSend = isReady(wish, { key: connection.key.present, certificates: isStored });
  const replace = async (event: FormEvent) => {
    event.preventDefault();
    if (!canSend || isRunning) return;
    setAct("replace");
    const finished = await staged.start(endpointPath(connection.id), toReplace(wish));
    if (!finished?.passed) return;
    setTyped(emptyOf(what));
    await refresh();
  };
  const tryOut = () => {
    if (!canSend || isRunning) return;
    setAct("try");
    // Where no list is offered, an id that was typed for the old address is the best guess.
    const byHand = connection.models.find((model) => model.enabled && model.typed);
    void staged.start(NEW_TEST_PATH, toTryOut(wish, connection.provider, byHand?.model_id ?? null));
  };
  const pin = (keyHash: string) => {
    enter({ pin: keyHash });
    announce(t("pin.filled"));
  };
  return (
    <div className="grid items-start gap-6 xl:grid-cols-2">
      <form noValidate onSubmit={(event) => void replace(event)} className="flex min-w-0 flex-col gap-4">
        <p className="text-sm text-muted">{connection.health === "needs_key" ? t("page.enter_lead") : t("page.replace_lead")} {what === "key" ? null : t(`page.${what}_help`)}</p>
        {what === "certificates" ? <ReplaceCertificates wish={wish} tls={connection.tls} errors={errors} disabled={isRunning} onChoose={(choice) => change({ choice })} onEnter={enter} /> : null}
        {needsAddress(wish) ? <AddressField label={t(what === "both" ? "page.new_url" : "page.same_url")} value={wish.url} disabled={isRunning} error={fieldProblem(run, "base_url")} onChange={(url) => change({ url })} /> : null}
        <KeyField label={what === "certificates" ? t("page.same_key") : t("page.new_key")} value={wish.apiKey} disabled={isRunning} error={fieldProblem(run, "api_key")} onChange={(apiKey) => change({ apiKey })} />
        <div className="flex flex-col gap-2">
          <AuthStyleField value={wish.authStyle} onChange={(authStyle) => change({ authStyle })} />
          {what === "certificates" ? null : <ReplaceCertificates wish={wish} tls={connection.tls} errors={errors} disabled={isRunning} onChoose={(choice) => change({ choice })} onEnter={enter} />}
        </div>
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" busy={isRunning && act === "replace"} aria-disabled={!canSend}>{t("page.test_and_swap")}</Button>
          {what === "both" ? <Button busy={isRunning && act === "try"} aria-disabled={!canSend} onClick={tryOut}>{t("page.only_test")}</Button> : null}
          <Button onClick={onClose}>{run.finished?.passed && act === "replace" ? common("action.close") : common("action.cancel")}</Button>
        </div>
      </form>
      <ReplaceOutcome
        run={run}
        what={what}
        act={act}
        {...(act === "try" ? { pinning: { address: wish.url, isPinned: (keyHash: string) => isSamePin(wish.entered.pin, keyHash), onPin: pin } } : {})}
      />
    </div>
  );
}
