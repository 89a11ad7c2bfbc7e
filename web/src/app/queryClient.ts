// Server state lives here, and what happens when the server says the session is over.
import { QueryClient } from "@tanstack/react-query";
import { configureClient } from "@/api/client";
import { keys, shouldRetry } from "@/api/queries";

export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: shouldRetry, staleTime: 5_000 }, mutations: { retry: false } },
});

configureClient({ onSignedOut: () => void queryClient.invalidateQueries({ queryKey: keys.session }) });
