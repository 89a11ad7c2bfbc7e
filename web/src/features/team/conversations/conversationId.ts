// The id of a conversation out of what somebody pastes: the id itself, or an address that holds it.
const id = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;

export const conversationIdIn = (pasted: string): string | null => id.exec(pasted)?.[0].toLowerCase() ?? null;
