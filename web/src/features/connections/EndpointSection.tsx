// The key as far as it may be known, and its replacement, alone or together with the address.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";
import { Button } from "@/ui/Button";
import { ReplaceForm } from "./ReplaceForm";
import { Section, type SectionProps } from "./Section";
import type { ConnectionView } from "./types";

type Kind = "key" | "both";

export function EndpointSection({ connection, isReadOnly }: SectionProps) {
  const { t } = useTranslation("connections");
  const isLost = connection.health === "needs_key";
  const [what, setWhat] = useState<Kind | null>(isLost && !isReadOnly ? "both" : null);
  const choose = (next: Kind) => setWhat(what === next ? null : next);
  return (
    <Section id="key" title={t("page.key")}>
      <div className="flex flex-col gap-1 text-sm">
        <KeyLine connection={connection} />
        <p className="text-muted">{t("page.key_secret")}</p>
      </div>
      <div className="flex flex-wrap gap-2 empty:hidden">
        {isLost ? null : <Button aria-expanded={what === "key"} disabled={isReadOnly} onClick={() => choose("key")}>{t("page.replace_key")}</Button>}
        {/* Open already where nothing else helps; the button is there for whoever closed it. */}
        {(isLost && what) || (!isLost && connection.provider === "openrouter") ? null : <Button aria-expanded={what === "both"} disabled={isReadOnly} onClick={() => choose("both")}>{isLost ? t("page.enter_both") : t("page.replace_both")}</Button>}
      </div>
      {what ? <ReplaceForm key={what} what={what} connection={connection} onClose={() => setWhat(null)} /> : null}
    </Section>
  );
}

function KeyLine({ connection: { key, health } }: { connection: ConnectionView }) {
  const { t } = useTranslation("connections");
  const formats = useFormats();
  if (health === "needs_key") return <p className="font-semibold">{t("page.key_lost_line")}</p>;
  if (!key.present) return <p>{t("page.key_none")}</p>;
  return <p className="font-semibold">{t("page.key_line", { number: key.number, date: formats.date(key.set_at), name: key.set_by })}</p>;
}
