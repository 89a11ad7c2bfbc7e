// The chat's frame: the list of conversations on the left, the conversation beside it.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, useParams } from "react-router";
import { useSignedIn } from "@/api/session";
import { SideColumn } from "@/ui/SideColumn";
import { ConversationTitle } from "./ConversationHeader";
import { conversationQuery, listenToOtherTabs } from "./data";
import { Sidebar } from "./Sidebar";
import { useRegionKeys } from "./useRegionKeys";

export function Component() {
  const { t } = useTranslation();
  const { conversationId } = useParams();
  const { session, team } = useSignedIn();
  const client = useQueryClient();
  useEffect(() => listenToOtherTabs(client), [client]);
  useRegionKeys();
  return (
    <SideColumn label={t("nav.main")} heading={conversationId ? <SmallTitle id={conversationId} /> : team.name} side={<Sidebar />}>
      {session.demo ? <p className="border-b border-line bg-warn-wash px-4 py-1.5 text-center text-xs print:hidden">{t("nav.demo")}</p> : null}
      <Outlet />
    </SideColumn>
  );
}

function SmallTitle({ id }: { id: string }) {
  const { data } = useQuery({ ...conversationQuery(id), enabled: false });
  return data ? <ConversationTitle conversation={data} /> : null;
}
