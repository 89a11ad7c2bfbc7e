// The texts of the privacy page in one language: loaded with it.
import privacy from "./locales/de/privacy.json";

export const resources = { privacy };
