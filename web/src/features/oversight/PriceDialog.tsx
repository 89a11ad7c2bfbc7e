// Enters, changes or takes away the price of one model, as the team's own contract says it.
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { Note } from "@/ui/States";
import type { UsageLog, UsageRow } from "./figures";
import { priceText, readCurrency, readPrice } from "./money";
import { type PriceWish, usePrice } from "./usePrice";

const COMMON = ["EUR", "USD", "CHF", "GBP", "SEK", "NOK", "DKK", "PLN", "CZK"];

export function PriceDialog({ row, kind, onClose }: { row: UsageRow; kind: UsageLog["kind"]; onClose: () => void }) {
  const { t } = useTranslation("usage");
  const { t: common } = useTranslation();
  const formId = useId();
  const listId = useId();
  const act = usePrice();
  const [typed, setTyped] = useState({ currency: row.price?.currency ?? "EUR", into: row.price?.per_million_in ?? "", out: row.price?.per_million_out ?? "" });
  const [isTried, setIsTried] = useState(false);
  const currency = readCurrency(typed.currency);
  const into = readPrice(typed.into);
  const out = readPrice(typed.out);
  const put = (price: PriceWish["price"]) => {
    const word = price ? "price.saved" : "price.removed";
    act.mutate({ row, price }, { onSuccess: () => { onClose(); notify(t(word, { model: row.model_id })); } });
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (currency && into && out && !act.isPending) put({ currency, per_million_in: into, per_million_out: out });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("price.title", { model: row.model_id })}
      description={<p className="text-sm text-muted">{t(kind === "byom" ? "price.about" : "price.about_standard")}</p>}
      actions={
        <>
          {row.price ? <Button variant="danger" busy={act.isPending} onClick={() => put(null)}>{t("price.remove")}</Button> : null}
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={act.isPending}>{common("action.save")}</Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={save} className="flex flex-col gap-4">
        {act.error ? <Note tone="danger">{asProblem(act.error).message}</Note> : null}
        <Field label={t("price.currency")} hint={t("price.currency_hint")} error={isTried && !currency ? t("price.wrong_currency") : null}>
          <Input required maxLength={3} list={listId} autoCapitalize="characters" className="max-w-28 uppercase" value={typed.currency} onChange={(event) => setTyped({ ...typed, currency: event.target.value })} />
        </Field>
        <datalist id={listId}>{COMMON.map((one) => <option key={one} value={one}>{one}</option>)}</datalist>
        <div className="grid gap-4 sm:grid-cols-2">
          <Amount label={t("price.in")} value={typed.into} read={into} currency={currency} isTried={isTried} onChange={(value) => setTyped({ ...typed, into: value })} />
          <Amount label={t("price.out")} value={typed.out} read={out} currency={currency} isTried={isTried} onChange={(value) => setTyped({ ...typed, out: value })} />
        </div>
      </form>
    </Dialog>
  );
}

function Amount({ label, value, read, currency, isTried, onChange }: { label: string; value: string; read: string | null; currency: string | null; isTried: boolean; onChange: (value: string) => void }) {
  const { t, i18n } = useTranslation("usage");
  // Said back, because a comma means one thing here and another there.
  const hint = read && currency ? t("price.read", { amount: priceText(i18n.language, currency, read) }) : undefined;
  return (
    <Field label={label} hint={hint} error={isTried && !read ? t("price.wrong") : null}>
      <Input required inputMode="decimal" maxLength={16} value={value} onChange={(event) => onChange(event.target.value)} />
    </Field>
  );
}
