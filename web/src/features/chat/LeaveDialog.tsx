// Asks once before the words of a conversation leave own hardware: what answered, where they would go, how many go along.
import { useTranslation } from "react-i18next";
import type { PickerModel } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";

export interface LeaveDialogProps {
  /** The model of own hardware that answered; null where that is not told. */
  from: string | null;
  /** All that the words would go to: a yes is a yes to each of them. */
  models: readonly PickerModel[];
  /** How many earlier messages would go along. */
  earlier: number;
  onLeave: () => void;
  onStay: () => void;
}

export function LeaveDialog({ from, models, earlier, onLeave, onStay }: LeaveDialogProps) {
  const { t } = useTranslation(["sealing", "seals"]);
  const so = t("leave.from", { from: from ?? t("leave.someModel") });
  const goes = models.map((model) => {
    const where = t("leave.goes", { to: model.name, connection: model.connection_name, zone: t(`seals:zone.${model.zone}`) });
    return { ref: model.ref, words: model.data_location ? `${where} ${t("leave.place", { place: model.data_location })}` : where };
  });
  return (
    <Dialog
      open
      alert
      onClose={onStay}
      title={t("leave.title")}
      description={
        <div className="flex flex-col gap-2">
          {goes.length > 1 ? (
            <>
              <p>{so} {t("leave.several", { count: goes.length })}</p>
              <ul className="flex list-disc flex-col gap-1 pl-5">{goes.map(({ ref, words }) => <li key={ref} className="wrap-anywhere">{words}</li>)}</ul>
            </>
          ) : <p>{so} {goes[0]?.words}</p>}
          <p className="font-semibold text-ink">{t("leave.earlier", { count: earlier })}</p>
          <p>{t("leave.once")}</p>
        </div>
      }
      actions={
        <>
          <Button onClick={onStay}>{t("leave.stay")}</Button>
          <Button variant="danger" onClick={onLeave}>{t("leave.act")}</Button>
        </>
      }
    />
  );
}
