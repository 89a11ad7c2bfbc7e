// Puts the providers around the routes.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";
import { Announcer } from "@/ui/Announcer";
import { UiProvider } from "@/ui/UiProvider";
import { queryClient } from "./queryClient";
import { router } from "./routes";

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <UiProvider>
        <RouterProvider router={router} />
        <Announcer />
      </UiProvider>
    </QueryClientProvider>
  );
}
