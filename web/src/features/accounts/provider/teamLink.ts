// Reads the team out of what somebody pasted: the team's sign-in link, or its id alone.
const id = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function teamOf(pasted: string): string | null {
  const last = pasted.trim().replace(/[?#].*$/, "").replace(/\/+$/, "").split("/").pop() ?? "";
  return id.test(last) ? last.toLowerCase() : null;
}
