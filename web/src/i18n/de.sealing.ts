// The texts of what is done about seals in one language: loaded with the dialog or the page that does it.
import sealing from "./locales/de/sealing.json";

export const resources = { sealing };
