// The second step of signing in: a code, a passkey or a recovery code, whichever the person has.
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { api, ProblemError, type Schemas } from "@/api/client";
import { sessionQuery, type SessionView } from "@/api/queries";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { Note } from "@/ui/States";
import { Calm } from "./Calm";
import { CodeField } from "./factors/CodeField";
import { useFocusOnError } from "./factors/useFocusOnError";
import { useTrouble } from "./factors/useTrouble";
import { type PasskeyOptions, passkeysSupported, readPasskey } from "./factors/webauthn";
import { formText } from "./formText";
import { useEntered } from "./useEntry";

type Way = "code" | "passkey" | "recovery";

async function showPasskey(): Promise<SessionView> {
  const question = await api.post<Schemas["PasskeyQuestion"]>("/api/sign-in/second-passkey-question");
  const credential = await readPasskey(question.options as PasskeyOptions);
  return api.post("/api/sign-in/second-passkey", { credential });
}

export function Component() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [search] = useSearchParams();
  // In a moment the router is on its way into the app; until then there is nothing to ask.
  if (session.me) return null;
  if (!session.second_step) return <Navigate to={{ pathname: "/sign-in", search: search.toString() }} replace />;
  return <Ask step={session.second_step} passkeysWork={session.passkeys_work} />;
}

function Ask({ step, passkeysWork }: { step: Schemas["SecondStepView"]; passkeysWork: boolean }) {
  const { t } = useTranslation("factors");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const entered = useEntered();
  const trouble = useTrouble();
  const canPasskey = step.passkey && passkeysWork && passkeysSupported();
  const ways: Way[] = [...(canPasskey ? ["passkey" as const] : []), ...(step.app ? ["code" as const] : []), ...(step.recovery_code ? ["recovery" as const] : [])];
  const [way, setWay] = useState<Way | null>(ways[0] ?? null);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<{ text: string | null; isOver: boolean } | null>(null);
  useFocusOnError(error);
  const startOver = async () => {
    // Whatever it says: without the cookie, or after its time, there is nothing left to give up.
    await api.delete("/api/sign-in/second-step").catch(() => undefined);
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
    await navigate({ pathname: "/sign-in", search: search.toString() }, { replace: true });
  };
  const show = async (act: () => Promise<SessionView>) => {
    setIsBusy(true);
    setError(null);
    try {
      const view = await act();
      await entered(view);
      const left = view.recovery_left;
      if (typeof left === "number") notify(t("step.recovery_used", { count: left }));
    } catch (thrown) {
      setError({ text: trouble(thrown), isOver: thrown instanceof ProblemError && thrown.problem.code === "pending_gone" });
      setIsBusy(false);
    }
  };
  const send = (path: string) => (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = formText(event.currentTarget, "code").trim();
    if (code === "") return setError({ text: t("step.code_missing"), isOver: false });
    void show(() => api.post<SessionView>(path, { code }));
  };
  const others = ways.filter((other) => other !== way);
  return (
    <Calm title={t("step.title")} intro={t("step.intro")} footer={<button type="button" className="link" onClick={() => void startOver()}>{t("step.start_over")}</button>}>
      {error?.isOver ? <Note tone="danger" actions={<Button onClick={() => void startOver()}>{t("step.begin_again")}</Button>}>{error.text}</Note> : null}
      {way === null ? <Note tone="warn">{t("step.no_way")}</Note> : null}
      {way === "code" ? (
        <form key="code" noValidate onSubmit={send("/api/sign-in/code")} className="flex flex-col gap-5">
          <CodeField label={t("step.code")} hint={t("step.code_hint")} error={error && !error.isOver ? error.text : null} />
          <div><Button type="submit" variant="primary" busy={isBusy}>{t("step.go_on")}</Button></div>
        </form>
      ) : null}
      {way === "recovery" ? (
        <form key="recovery" noValidate onSubmit={send("/api/sign-in/recovery-code")} className="flex flex-col gap-5">
          <Field label={t("step.recovery")} hint={t("step.recovery_hint")} error={error && !error.isOver ? error.text : null}>
            <Input name="code" mono required autoFocus autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={60} placeholder="xxxxx-xxxxx-xxxxx-xxxxx-xxxxx" />
          </Field>
          <div><Button type="submit" variant="primary" busy={isBusy}>{t("step.go_on")}</Button></div>
        </form>
      ) : null}
      {way === "passkey" ? (
        <div className="flex flex-col gap-4">
          {error?.text && !error.isOver ? <Note tone="danger">{error.text}</Note> : null}
          <div><Button variant="primary" autoFocus busy={isBusy} onClick={() => void show(showPasskey)}><KeyRound aria-hidden="true" />{t("step.passkey")}</Button></div>
        </div>
      ) : null}
      {others.length > 0 ? (
        <div className="flex flex-col items-start gap-1 border-t border-line pt-4">
          {others.map((other) => (
            <Button key={other} variant="quiet" className="-ml-3.5 text-left whitespace-normal!" onClick={() => { setError(null); setWay(other); }}>{t(`step.use_${other}`)}</Button>
          ))}
        </div>
      ) : null}
    </Calm>
  );
}
