import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { sessionQuery, type SessionView } from "./queries";
import { SessionContext, useSignedIn } from "./session";

const session = { me: { id: "1", name: "Olga" }, team: { id: "2", role: "member" } } as unknown as SessionView;

function Page() {
  return useSignedIn().me.name;
}

it("a page that is drawn once more after the stored session ended, and before the guard knows, is drawn for who was there", () => {
  const client = new QueryClient();
  client.setQueryData(sessionQuery.queryKey, { ...session, me: null, team: null });
  const page = <QueryClientProvider client={client}><SessionContext value={session}><Page /></SessionContext></QueryClientProvider>;
  expect(renderToStaticMarkup(page)).toBe("Olga");
});

it("a page that stands outside of the guard is a mistake", () => {
  expect(() => renderToStaticMarkup(<Page />)).toThrow("without a session");
});
