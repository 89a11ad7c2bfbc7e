// Stars a model, or takes its star away. The list shows it at once; the server's answer confirms it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, asProblem, type Schemas } from "@/api/client";
import { keys } from "@/api/queries";
import { notify } from "@/ui/Announcer";

const mutationKey = ["star"] as const;

export function useStar(): (ref: string, on: boolean) => void {
  const client = useQueryClient();
  const show = (change: (starred: readonly string[]) => string[]) =>
    client.setQueryData<Schemas["PickerView"]>(keys.models, (old) => old && { ...old, starred: change(old.starred) });
  const { mutate } = useMutation({
    mutationKey,
    // One after the other, in the order of pressing.
    scope: { id: "star" },
    mutationFn: ({ ref, on }: { ref: string; on: boolean }) =>
      on ? api.put<Schemas["FavouriteList"]>("/api/favourites", { model_ref: ref }) : api.delete<Schemas["FavouriteList"]>(`/api/favourites?${new URLSearchParams({ ref })}`),
    onMutate: ({ ref, on }) => {
      // A list asked for before would put the old star back.
      void client.cancelQueries({ queryKey: keys.models, exact: true });
      show((known) => [...known.filter((one) => one !== ref), ...(on ? [ref] : [])]);
    },
    onSuccess: ({ starred }) => {
      // Stars that are still under way are shown already.
      if (client.isMutating({ mutationKey }) === 1) show(() => [...starred]);
    },
    onError: (error) => {
      notify(asProblem(error).message, "danger");
      void client.invalidateQueries({ queryKey: keys.models, exact: true });
    },
  });
  return (ref, on) => mutate({ ref, on });
}
