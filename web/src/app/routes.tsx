// Every page of the product, each loaded when first needed.
import { createBrowserRouter, redirect } from "react-router";
import { andTexts, loadTexts } from "@/i18n";
import { Crash, NotFound, Starting } from "./edges";
import { needSignedOut, needSignIn } from "./guards";
import { WhileSignedIn } from "./WhileSignedIn";

/** A page outside the settings that speaks of signing in: its texts come beside it. */
const withEntryTexts = <T,>(page: Promise<T>): Promise<T> => andTexts(page, "entry", "factors");
const settings = () => andTexts(import("./SettingsShell"), "settings", "entry", "factors");

export const router = createBrowserRouter([
  {
    ErrorBoundary: Crash,
    HydrateFallback: Starting,
    children: [
      {
        loader: needSignedOut,
        children: [
          { path: "/sign-in", lazy: () => withEntryTexts(import("@/features/accounts/SignInPage")) },
          { path: "/sign-in/second-step", lazy: () => withEntryTexts(import("@/features/accounts/SecondStepPage")) },
          { path: "/sign-up", lazy: () => withEntryTexts(import("@/features/accounts/SignUpPage")) },
        ],
      },
      { path: "/forgot-password", lazy: () => withEntryTexts(import("@/features/accounts/ForgotPage")) },
      { path: "/reset", lazy: () => withEntryTexts(import("@/features/accounts/ResetPage")) },
      { path: "/invite", lazy: () => withEntryTexts(import("@/features/accounts/InvitePage")) },
      {
        // Their texts lie with those of the settings: the chat never loads them.
        loader: () => loadTexts("settings", "entry", "factors").then(() => null),
        children: [
          { path: "/sign-in/team/:teamId?", lazy: () => import("@/features/accounts/provider/CompanyPage") },
          { path: "/sign-in/return/:provider", lazy: () => import("@/features/accounts/provider/ReturnPage") },
        ],
      },
      {
        loader: needSignIn,
        Component: WhileSignedIn,
        children: [
          {
            lazy: () => import("@/features/chat/ChatLayout"),
            children: [
              { index: true, lazy: () => import("@/features/chat/ConversationPage") },
              { path: "/shared", lazy: () => andTexts(import("@/features/chat/SharedListPage"), "later") },
              { path: "/shared/:conversationId", lazy: () => andTexts(import("@/features/chat/SharedPage"), "later") },
              { path: "/c/:conversationId", lazy: () => import("@/features/chat/ConversationPage") },
            ],
          },
          {
            path: "/settings",
            lazy: settings,
            children: [
              { index: true, loader: () => redirect("/settings/profile"), Component: Starting },
              { path: "profile", lazy: () => import("@/features/team/ProfilePage") },
              { path: "security", lazy: () => import("@/features/accounts/SecurityPage") },
              { path: "appearance", lazy: () => import("@/features/team/AppearancePage") },
              { path: "shortcuts", lazy: () => andTexts(import("@/features/team/ShortcutsPage"), "later") },
              { path: "team/members", lazy: () => import("@/features/team/MembersPage") },
              { path: "team/plan", lazy: () => import("@/features/team/PlanPage") },
              { path: "team/conversations", lazy: () => andTexts(import("@/features/team/conversations/ConversationRulesPage"), "sealing") },
              { path: "team/sign-in", lazy: () => import("@/features/team/SignInRulesPage") },
              { path: "models/custom", lazy: () => import("@/features/connections/CustomModelsPage") },
              { path: "models/mine", lazy: () => import("@/features/attention/MinePage") },
              { path: "models/custom/new", lazy: () => import("@/features/connections/NewConnectionPage") },
              { path: "models/custom/:connectionId", lazy: () => import("@/features/connections/ConnectionPage") },
              { path: "models/ollama", lazy: () => import("./OllamaGuidePage") },
              { path: "models/standard", lazy: () => import("@/features/connections/access/StandardModelsPage") },
              { path: "models/aliases", lazy: () => import("@/features/connections/access/AliasesPage") },
              { path: "models/aliases/:aliasId", lazy: () => import("@/features/connections/access/AliasPage") },
              { path: "oversight/usage", lazy: () => import("@/features/oversight/UsagePage") },
              { path: "oversight/comparisons", lazy: () => import("@/features/oversight/TallyPage") },
              { path: "oversight/audit", lazy: () => import("@/features/oversight/AuditPage") },
              { path: "oversight/privacy", lazy: () => andTexts(import("@/features/privacy/PrivacyPage"), "privacy") },
            ],
          },
          { path: "/operator/*", lazy: async () => ({ Component: (await settings()).Operator }) },
        ],
      },
      { path: "*", Component: NotFound },
    ],
  },
]);
