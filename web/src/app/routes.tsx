// Every page of the product, each loaded when first needed.
import { createBrowserRouter, redirect } from "react-router";
import { loadSettingsTexts } from "@/i18n";
import { Crash, NotFound, Starting } from "./edges";
import { needSignedOut, needSignIn } from "./guards";
import { WhileSignedIn } from "./WhileSignedIn";

export const router = createBrowserRouter([
  {
    ErrorBoundary: Crash,
    HydrateFallback: Starting,
    children: [
      {
        loader: needSignedOut,
        children: [
          { path: "/sign-in", lazy: () => import("@/features/accounts/SignInPage") },
          { path: "/sign-up", lazy: () => import("@/features/accounts/SignUpPage") },
        ],
      },
      { path: "/invite/:token", lazy: () => import("@/features/accounts/InvitePage") },
      {
        loader: needSignIn,
        Component: WhileSignedIn,
        children: [
          {
            lazy: () => import("@/features/chat/ChatLayout"),
            children: [
              { index: true, lazy: () => import("@/features/chat/ConversationPage") },
              { path: "/c/:conversationId", lazy: () => import("@/features/chat/ConversationPage") },
            ],
          },
          {
            path: "/settings",
            lazy: async () => (await Promise.all([import("./SettingsShell"), loadSettingsTexts()]))[0],
            children: [
              { index: true, loader: () => redirect("/settings/profile"), Component: Starting },
              { path: "profile", lazy: () => import("@/features/team/ProfilePage") },
              { path: "appearance", lazy: () => import("@/features/team/AppearancePage") },
              { path: "team/members", lazy: () => import("@/features/team/MembersPage") },
              { path: "team/plan", lazy: () => import("@/features/team/PlanPage") },
              { path: "models/custom", lazy: () => import("@/features/connections/CustomModelsPage") },
              { path: "models/custom/new", lazy: () => import("@/features/connections/NewConnectionPage") },
              { path: "models/custom/:connectionId", lazy: () => import("@/features/connections/ConnectionPage") },
              { path: "oversight/usage", lazy: () => import("@/features/oversight/UsagePage") },
              { path: "oversight/audit", lazy: () => import("@/features/oversight/AuditPage") },
            ],
          },
        ],
      },
      { path: "*", Component: NotFound },
    ],
  },
]);
