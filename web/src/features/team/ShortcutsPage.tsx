// Which keys the pages listen to, and which one sends. Kept in this browser, as the look is.
import { useTranslation } from "react-i18next";
import { Checkbox } from "@/ui/Checkbox";
import { shortcutsOf, waysOf } from "@/ui/keyRows";
import { Keys } from "@/ui/Keys";
import { Page } from "@/ui/Page";
import { Radios } from "@/ui/Radios";
import { chooseSendBy, isMac, type SendBy, switchShortcut, useKeyChoices } from "@/ui/shortcuts";

export function Component() {
  const { t } = useTranslation(["palette", "common"]);
  const { off, sendBy } = useKeyChoices();
  return (
    <Page title={t("keys.title")} intro={t("keys.intro")}>
      <div className="flex max-w-xl flex-col gap-6">
        <Radios<SendBy>
          legend={t("keys.send")}
          hint={t("keys.sendHint")}
          value={sendBy}
          onChange={chooseSendBy}
          options={[
            { value: "enter", label: t("keys.sendBy.enter"), icon: <Keys names={["Enter"]} /> },
            { value: "command", label: t("keys.sendBy.command", { command: isMac ? "⌘" : t("common:key.ctrl") }), icon: <Keys names={["command", "Enter"]} /> },
          ]}
        />
        {(["everywhere", "chat"] as const).map((where) => (
          <fieldset key={where} className="flex min-w-0 flex-col">
            <legend className="mb-1.5 text-sm font-semibold">{t(`keys.where.${where}`)}</legend>
            <ul className="divide-y divide-line rounded-md border border-edge bg-surface">
              {shortcutsOf(where).map((id) => (
                <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 px-3 py-1">
                  <Checkbox checked={!off.has(id)} onChange={(isOn) => switchShortcut(id, isOn)} label={t(`keys.does.${id}`)} />
                  <span className="flex gap-3">{waysOf(id).map((names) => <Keys key={names.join(" ")} names={names} />)}</span>
                </li>
              ))}
            </ul>
          </fieldset>
        ))}
      </div>
    </Page>
  );
}
