// The models to compare, as chips that can be taken out; one more can be added, up to four.
import { Plus, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { ModelPicker } from "../ModelPicker";
import type { Picks } from "./useSeveral";

export default function CompareChips({ several }: { several: Picks }) {
  const { t } = useTranslation("compare");
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-2 pt-1">
      <ul aria-label={t("bar.label")} className="flex min-w-0 flex-wrap items-center gap-1.5">
        {several.models.map((model) => (
          <li key={model.ref} data-origin={model.origin} className="flex min-h-8 max-w-full min-w-0 items-center gap-2 rounded-md border border-line bg-canvas pl-2 text-sm pointer-coarse:min-h-11">
            <span aria-hidden="true" className="h-4 w-1 shrink-0 rounded-full bg-origin" />
            <span className="min-w-0 truncate">{model.name}</span>
            <button
              type="button"
              aria-label={t("bar.drop", { name: model.name })}
              onClick={() => several.drop(model.ref)}
              className="grid size-8 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink pointer-coarse:size-11"
            >
              <X aria-hidden="true" className="size-3.5" />
            </button>
          </li>
        ))}
        {several.hasRoom ? (
          <li>
            <ModelPicker value={null} onPick={several.add} trigger={<Button size="sm" variant="quiet"><Plus aria-hidden="true" />{t("bar.add")}</Button>} />
          </li>
        ) : null}
      </ul>
      <Checkbox checked={several.isBlind} onChange={several.setBlind} label={t("bar.blind")} />
    </div>
  );
}
