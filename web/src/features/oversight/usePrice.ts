// Sets or takes away a price; every figure of the page follows.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import type { UsageRow } from "./figures";

export interface PriceWish {
  row: UsageRow;
  price: Schemas["PriceGiven"] | null;
}

export function usePrice() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ row, price }: PriceWish) =>
      row.connection_id
        ? api.put<Schemas["PriceDone"]>(`/api/usage/prices/${row.connection_id}`, { model_id: row.model_id, price })
        : api.put<Schemas["PriceDone"]>("/api/usage/standard-prices", { provider: row.provider, model_id: row.model_id, price }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["usage"] }),
  });
}
