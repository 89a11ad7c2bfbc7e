// The texts of signing in and of passwords in one language, in one chunk: who is signed in and writes never loads them.
import accounts from "./locales/en/accounts.json";

export const resources = { accounts };
