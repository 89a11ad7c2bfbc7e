// Which entries of the trail are wanted. Lives in the address, so that it can be sent to somebody.

export const FILTER_NAMES = ["action", "actor", "object_id", "outcome", "from_day", "to_day", "text"] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
export type AuditFilter = Partial<Record<FilterName, string>>;

export const OUTCOMES = ["done", "refused", "failed"] as const;

const isDay = (text: string): boolean => /^20\d\d-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
const isUsable: Partial<Record<FilterName, (text: string) => boolean>> = {
  outcome: (text) => OUTCOMES.some((one) => one === text),
  from_day: isDay,
  to_day: isDay,
  actor: (text) => text === "nobody" || /^[0-9a-f-]{36}$/.test(text),
};

/** What somebody typed into the address and the server would refuse is left out. */
export function readFilter(params: URLSearchParams): AuditFilter {
  const filter: AuditFilter = {};
  for (const name of FILTER_NAMES) {
    const text = params.get(name)?.trim();
    if (text && (isUsable[name]?.(text) ?? true)) filter[name] = text.slice(0, 200);
  }
  return filter;
}

/** Changes some parts; an empty text takes one away. */
export function withParts(filter: AuditFilter, parts: AuditFilter): AuditFilter {
  const changed: AuditFilter = {};
  for (const name of FILTER_NAMES) {
    const text = parts[name] ?? filter[name];
    if (text) changed[name] = text;
  }
  return changed;
}

export const countOf = (filter: AuditFilter): number => Object.keys(filter).length;

/** The acts by what stands before their dot, in the order they came. */
export function byGroup(actions: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const action of actions) {
    const group = action.split(".")[0] ?? action;
    groups.set(group, [...(groups.get(group) ?? []), action]);
  }
  return groups;
}
