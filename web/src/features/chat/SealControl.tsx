// The mark of a seal, and the way to it: in the message field, before anything is sent.
import { Lock, LockOpen } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { andTexts } from "@/i18n";
import { useSealWords } from "@/sealing/zones";
import { useOpenSeal } from "./seal";

const SealDialog = lazy(async () => {
  const module = await andTexts(import("./SealDialog"), "sealing");
  return { default: module.SealDialog };
});

export function SealControl() {
  const { t } = useTranslation("seals");
  const seal = useOpenSeal();
  const words = useSealWords();
  const [isOpen, setIsOpen] = useState(false);
  const mark = seal.zones ? words(seal.zones) : null;
  return (
    <>
      <Button variant="quiet" size="sm" className="min-w-0 max-sm:shrink-0" aria-label={mark ? t("mark.change", { mark }) : undefined} onClick={() => setIsOpen(true)}>
        {mark ? <Lock aria-hidden="true" className="text-ok" /> : <LockOpen aria-hidden="true" />}
        <span className={mark ? "truncate font-semibold text-ink max-sm:sr-only" : "max-sm:sr-only"}>{mark ?? t("mark.open")}</span>
      </Button>
      {isOpen ? <Suspense><SealDialog seal={seal} onClose={() => setIsOpen(false)} /></Suspense> : null}
    </>
  );
}
