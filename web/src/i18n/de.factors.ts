// The texts about second factors in one language: at sign-in and in two pages of the settings.
import factors from "./locales/de/factors.json";

export const resources = { factors };
