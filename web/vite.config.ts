// Builds the pages into the Python package; in development, calls to /api go to a running Moorage.
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../moorage/static",
    emptyOutDir: true,
    target: "es2023",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // font-src and img-src are 'self' only, so nothing may become a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    // What nearly every page needs comes in one file: dozens of tiny ones cost 9 KB of gzip and twenty requests more.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "common", test: /(?:src|node_modules)/, minShareCount: 37 }] } } },
  },
  // The pages show a guide of docs/.
  server: { fs: { allow: [".", "../docs"] }, proxy: { "/api": process.env.MOORAGE_API ?? "http://127.0.0.1:8077" } },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
