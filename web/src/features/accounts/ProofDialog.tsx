// Asks who somebody is before an act that a stranger at an open browser must not do: by whichever way they have.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { offerProof, type Proof, type ProofWay, proofWaysQuery, type ProofWays } from "@/api/proof";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Skeleton } from "@/ui/Spinner";
import { ErrorState, Note } from "@/ui/States";
import { passkeysSupported } from "./factors/webauthn";
import { ByCode, ByPasskey, ByPassword, ByProvider } from "./ProofForms";

const ofSecondFactor = new Set<ProofWay>(["passkey", "code"]);

export function ProofDialog() {
  const { t } = useTranslation("security");
  const [asked, setAsked] = useState<Proof | null>(null);
  // What is asked for stays to be read while the dialog closes.
  const [last, setLast] = useState<Proof>("any");
  const answer = useRef<((proved: boolean) => void) | null>(null);
  useEffect(
    () =>
      offerProof((proof) => {
        answer.current?.(false);
        setAsked(proof);
        setLast(proof);
        return new Promise((resolve) => (answer.current = resolve));
      }),
    [],
  );
  const close = (proved: boolean) => {
    setAsked(null);
    answer.current?.(proved);
    answer.current = null;
  };
  return (
    <Dialog asksProof open={asked !== null} onClose={() => close(false)} title={t("proof.title")} description={<p className="text-sm">{t(`proof.why.${last}`)}</p>}>
      {asked ? <Ways proof={asked} onProved={() => close(true)} onCancel={() => close(false)} /> : null}
    </Dialog>
  );
}

interface WaysProps {
  proof: Proof;
  onProved: () => void;
  onCancel: () => void;
}

function Ways({ proof, ...props }: WaysProps) {
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(proofWaysQuery("dialog"));
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={2} label={common("loading")} />;
  const ways = data.ways.filter((way) => (way !== "passkey" || passkeysSupported()) && (proof === "any" || ofSecondFactor.has(way)));
  return <Chosen proof={proof} ways={ways} all={data} {...props} />;
}

function Chosen({ proof, ways, all, ...props }: WaysProps & { ways: ProofWay[]; all: ProofWays }) {
  const { t } = useTranslation("security");
  const [way, setWay] = useState(ways[0]);
  if (!way) return <Note tone="warn">{t(`proof.no_way.${proof}`)}</Note>;
  const others = ways.filter((other) => other !== way);
  return (
    <>
      {way === "passkey" ? <ByPasskey {...props} /> : null}
      {way === "code" ? <ByCode {...props} /> : null}
      {way === "password" ? <ByPassword {...props} /> : null}
      {way === "provider" ? <ByProvider {...props} name={all.provider_name} /> : null}
      {others.length > 0 ? (
        <div className="flex flex-col items-start gap-1 border-t border-line pt-3">
          {others.map((other) => (
            <Button key={other} variant="quiet" className="-ml-3.5 text-left whitespace-normal!" onClick={() => setWay(other)}>{t(`proof.use.${other}`, { name: all.provider_name })}</Button>
          ))}
        </div>
      ) : null}
    </>
  );
}
