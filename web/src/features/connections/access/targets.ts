// The models that an alias can stand for: own ones that are switched on, and the standard ones, whoever may use them.
import type { OriginName } from "@/api/queries";
import type { ConnectionList } from "../types";
import type { StandardModels } from "./queries";

export interface Target {
  ref: string;
  name: string;
  connection: string;
  origin: OriginName;
}

const order: readonly OriginName[] = ["own_hardware", "own_contract", "router", "included"];

export function targetsOf(connections: ConnectionList, standard: StandardModels): Target[] {
  const own = connections.connections.flatMap((connection) =>
    connection.models
      .filter((model) => model.enabled && model.vanished_at === null)
      .map((model) => ({ ref: model.ref, name: model.name, connection: connection.name, origin: connection.zone })),
  );
  const included = standard.providers.flatMap((provider) =>
    provider.models.map((model) => ({ ref: model.ref, name: model.name, connection: provider.name, origin: "included" as const })),
  );
  return [...own, ...included];
}

/** By origin, nearest first; what is empty is left out. */
export function byOrigin(targets: readonly Target[]): { origin: OriginName; targets: Target[] }[] {
  return order.map((origin) => ({ origin, targets: targets.filter((target) => target.origin === origin) })).filter((group) => group.targets.length > 0);
}
