// The picker: every model a person can write with. Its list comes a moment after the page.
import { type ReactElement, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { andTexts } from "@/i18n";
import { lateOf } from "@/ui/late";
import { Popover } from "@/ui/Popover";
import { Skeleton } from "@/ui/Spinner";

const PickerList = lateOf(() => andTexts(import("./PickerList"), "later").then((module) => module.PickerList));

export interface ModelPickerProps {
  value: string | null;
  onPick: (ref: string) => void;
  trigger: ReactElement;
}

export function ModelPicker({ value, onPick, trigger }: ModelPickerProps) {
  const { t } = useTranslation(["chat", "common"]);
  const [open, setOpen] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => PickerList.prepare(), []);
  return (
    <Popover title={t("picker.title")} trigger={trigger} open={open} onOpenChange={setOpen} side="top" initialFocus={search} className="w-[30rem] overflow-hidden">
      <PickerList value={value} search={search} onPick={(ref) => (setOpen(false), onPick(ref))} meanwhile={<div className="p-4"><Skeleton label={t("common:loading")} lines={3} /></div>} />
    </Popover>
  );
}
