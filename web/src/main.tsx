// Starts the pages: language first, so that nothing is ever painted in the wrong one.
import "@fontsource-variable/atkinson-hyperlegible-next/wght.css";
import "@fontsource-variable/atkinson-hyperlegible-next/wght-italic.css";
import "@fontsource-variable/atkinson-hyperlegible-mono/wght.css";
import "@/app/theme.css";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import { startI18n } from "@/i18n";

const root = document.getElementById("root");
if (root) {
  await startI18n();
  createRoot(root).render(<App />);
}
