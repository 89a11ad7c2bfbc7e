// The wizard's page: address and key, test, models, summary. Nothing is saved before the last button.
import { useEffect, useReducer, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { asProblem } from "@/api/client";
import { useSignedIn } from "@/api/session";
import { announce } from "@/ui/Announcer";
import { Page } from "@/ui/Page";
import { AddressStep } from "./AddressStep";
import { dropDraft, loadDraft, saveDraft, tabStorage } from "./draft";
import { ManagersOnly } from "./ManagersOnly";
import { ModelsStep } from "./ModelsStep";
import { NEW_TEST_PATH, useMakeConnection } from "./queries";
import { ReadyView } from "./ReadyView";
import { RefusalNote } from "./RefusalNote";
import { SummaryStep } from "./SummaryStep";
import { TestStep } from "./TestStep";
import { useStagedTest } from "./useStagedTest";
import { emptyForm, fieldOf, openWizard, reduceWizard, toConnectionMake, toTestRequest, type Step, type WizardAction } from "./wizard";
import { WizardSteps } from "./WizardSteps";
import type { Problem } from "./types";

export function Component() {
  const { t } = useTranslation("connections");
  const { team } = useSignedIn();
  // A key starts a new wizard: everything typed, key included, is gone with the old one.
  const [round, setRound] = useState(0);
  return (
    <ManagersOnly title={t("wizard.title")}>
      <Page title={t("wizard.title")} back={<><Link to="/settings/models/custom" className="link">{t("title")}</Link> / {t("wizard.crumb")}</>}>
        {team.refusal ? <RefusalNote refusal={team.refusal} /> : <Wizard key={round} isFresh={round > 0} onAnother={() => setRound(round + 1)} />}
      </Page>
    </ManagersOnly>
  );
}

function Wizard({ isFresh, onAnother }: { isFresh: boolean; onAnother: () => void }) {
  const { t } = useTranslation("connections");
  const { me, team } = useSignedIn();
  const [place] = useState(() => ({ storage: tabStorage(), personId: me.id, teamId: team.id }));
  const [wizard, dispatch] = useReducer(reduceWizard, null, () => openWizard(isFresh ? emptyForm(me.id) : loadDraft(place)));
  const [onTestEvent] = useState(() => (event: Parameters<Parameters<typeof useStagedTest>[0]>[0]) => dispatch({ type: "test", event }));
  const staged = useStagedTest(onTestEvent);
  const make = useMakeConnection();
  const [problem, setProblem] = useState<Problem | null>(null);
  const { step, form, saved } = wizard;

  useEffect(() => {
    if (!saved) saveDraft(place, form);
  }, [place, form, saved]);

  const heading = useRef<HTMLHeadingElement>(null);
  const shownStep = useRef<Step>(step);
  useEffect(() => {
    // A new step is a new place; the first one isn't, so focus stays where the page put it.
    if (shownStep.current !== step) heading.current?.focus();
    shownStep.current = step;
  }, [step]);

  const act = (action: WizardAction) => {
    // What the server said about a field ends when the person answers it.
    if (action.type === "edit" || action.type === "certificates") setProblem(null);
    dispatch(action);
  };
  const test = (tested = wizard) => {
    dispatch({ type: "go", step: "test" });
    setProblem(null);
    void staged.start(NEW_TEST_PATH, toTestRequest(tested));
  };
  const pin = (keyHash: string) => {
    const action: WizardAction = { type: "certificates", change: { pin: keyHash } };
    dispatch(action);
    announce(t("pin.announce"));
    test(reduceWizard(wizard, action));
  };
  const save = async () => {
    setProblem(null);
    try {
      const connection = await make.mutateAsync(toConnectionMake(wizard));
      dropDraft(place);
      dispatch({ type: "saved", connection });
    } catch (error) {
      const found = asProblem(error);
      setProblem(found);
      if (fieldOf(found)) dispatch({ type: "go", step: "address" });
    } finally {
      make.reset();
    }
  };

  if (saved) return <ReadyView connection={saved} onAnother={onAnother} />;
  return (
    <>
      <WizardSteps wizard={wizard} onGo={(next) => dispatch({ type: "go", step: next })} />
      <h2 ref={heading} tabIndex={-1} className="sr-only">{t(`wizard.step.${step}`)}</h2>
      {step === "address" ? <AddressStep wizard={wizard} dispatch={act} problem={problem} onTest={() => test()} /> : null}
      {step === "test" ? <TestStep wizard={wizard} dispatch={act} onTest={() => test()} onStop={staged.stop} onPin={pin} /> : null}
      {step === "models" ? <ModelsStep wizard={wizard} dispatch={act} /> : null}
      {step === "summary" ? <SummaryStep wizard={wizard} dispatch={act} isSaving={make.isPending} error={problem?.message ?? null} onSave={() => void save()} /> : null}
    </>
  );
}
