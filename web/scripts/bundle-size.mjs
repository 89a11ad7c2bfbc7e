// Prints what a first visit to the chat costs (gzip, JS only) and fails above the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const budgetKb = 200;
const out = new URL("../../moorage/static/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", out), "utf8"));
const seen = new Set();

function collect(key) {
  if (seen.has(key) || !manifest[key]) return;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) collect(next);
}

for (const root of ["index.html", "src/features/chat/ChatLayout.tsx", "src/features/chat/ConversationPage.tsx", "src/i18n/de.ts"]) {
  if (!manifest[root]) throw new Error(`${root} is not an entry of the build`);
  collect(root);
}
let total = 0;
for (const key of seen) {
  const { file } = manifest[key];
  if (file.endsWith(".js")) total += gzipSync(readFileSync(new URL(file, out))).length;
}
const kb = total / 1024;
process.stdout.write(`chat route: ${kb.toFixed(1)} KB gzip JS in ${seen.size} files (budget ${budgetKb} KB)\n`);
if (kb > budgetKb) process.exit(1);
