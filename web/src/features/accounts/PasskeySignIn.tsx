// Signing in by passkey alone: offered inside the mail field where the browser can, and by a button everywhere.
import { KeyRound } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "@/api/client";
import type { SessionView } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Note } from "@/ui/States";
import { useTrouble } from "./factors/useTrouble";
import { canAutofill, type PasskeyOptions, passkeysSupported, troubleOf, readPasskey } from "./factors/webauthn";
import { useEntered } from "./useEntry";

// A question lasts ten minutes; a page that stays open asks a new one before that.
const askAgainAfterMs = 8 * 60 * 1000;

async function ask(way: { autofill?: boolean; signal: AbortSignal }): Promise<SessionView> {
  const question = await api.post<Schemas["PasskeyQuestion"]>("/api/sign-in/passkey-question", {}, way.signal);
  const credential = await readPasskey(question.options as PasskeyOptions, way);
  return api.post("/api/sign-in/passkey", { credential });
}

export function PasskeySignIn() {
  const { t } = useTranslation("factors");
  const entered = useEntered();
  const trouble = useTrouble();
  const waiting = useRef<AbortController | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const latest = useRef({ entered, trouble });
  useEffect(() => {
    latest.current = { entered, trouble };
  });

  useEffect(() => {
    const abort = new AbortController();
    waiting.current = abort;
    const again = setTimeout(() => setRound((before) => before + 1), askAgainAfterMs);
    const offer = async () => {
      if (!(await canAutofill()) || abort.signal.aborted) return;
      try {
        const view = await ask({ autofill: true, signal: abort.signal });
        await latest.current.entered(view);
      } catch (thrown) {
        // Nobody pressed anything: only what the server said to a chosen passkey is worth a word.
        if (abort.signal.aborted || troubleOf(thrown)) return;
        setError(latest.current.trouble(thrown));
      }
    };
    void offer();
    return () => {
      clearTimeout(again);
      abort.abort();
    };
  }, [round]);

  const press = async () => {
    // A browser answers one question at a time.
    waiting.current?.abort();
    setIsBusy(true);
    setError(null);
    try {
      await entered(await ask({ signal: new AbortController().signal }));
    } catch (thrown) {
      setError(trouble(thrown));
      setRound((before) => before + 1);
      setIsBusy(false);
    }
  };
  if (!passkeysSupported()) return null;
  return (
    <div className="flex flex-col gap-3">
      {error ? <Note tone="danger">{error}</Note> : null}
      <Button busy={isBusy} onClick={() => void press()}><KeyRound aria-hidden="true" />{t("signIn.passkey")}</Button>
    </div>
  );
}
