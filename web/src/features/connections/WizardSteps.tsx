// Where one is in the wizard, and the way back to every step that is open.
import { Check } from "lucide-react";
import { useTranslation } from "react-i18next";
import { cx } from "@/ui/cx";
import { canGo, STEPS, type Step, type Wizard } from "./wizard";

export function WizardSteps({ wizard, onGo }: { wizard: Wizard; onGo: (step: Step) => void }) {
  const { t } = useTranslation("connections");
  const current = STEPS.indexOf(wizard.step);
  return (
    <nav aria-label={t("wizard.steps")}>
      <ol className="flex flex-wrap gap-x-6 gap-y-1 text-sm">
        {STEPS.map((step, i) => {
          const isDone = i < current;
          return (
            <li key={step}>
              <button
                type="button"
                aria-current={i === current ? "step" : undefined}
                disabled={!canGo(wizard, step)}
                onClick={() => onGo(step)}
                className={cx(
                  "inline-flex min-h-8 items-center gap-1.5 border-b-2 pointer-coarse:min-h-11",
                  i === current ? "border-accent font-bold" : "border-transparent text-muted not-disabled:hover:text-ink",
                )}
              >
                {isDone ? <Check aria-hidden="true" className="size-4 text-ok" /> : <span className="tnum">{i + 1}.</span>}
                {/* On a phone only the current step is spelled out, so that all four stay in one line. */}
                <span className={i === current ? undefined : "max-sm:sr-only"}>{t(`wizard.step.${step}`)}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
