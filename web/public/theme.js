// Runs before the first paint, so that no page flashes in the wrong theme. No stored choice means: as the system.
try {
  var choice = localStorage.getItem("moorage.theme");
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
} catch {
  // Storage may be closed; then the system decides.
}
