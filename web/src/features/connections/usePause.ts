// Pausing and resuming, with a note that says what it means for the picker.
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/client";
import { notify } from "@/ui/Announcer";
import { useChangeConnection } from "./queries";
import type { ConnectionView } from "./types";

export function usePause(connection: Pick<ConnectionView, "id" | "name">) {
  const { t } = useTranslation("connections");
  const change = useChangeConnection(connection.id);
  const setEnabled = async (enabled: boolean): Promise<boolean> => {
    try {
      await change.mutateAsync({ enabled });
      notify(enabled ? t("done.resumed", { name: connection.name }) : t("done.paused", { name: connection.name }));
      return true;
    } catch (error) {
      notify(asProblem(error).message, "danger");
      return false;
    }
  };
  return { setEnabled, isBusy: change.isPending };
}
