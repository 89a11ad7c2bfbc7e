// Who copies a part of an answer gets its formulas as they were written, not as letters without their places.

function formulaAround(node: Node): Element | null {
  const element = node instanceof Element ? node : node.parentElement;
  return element?.closest("[data-tex]") ?? null;
}

/** What is selected, formulas whole. */
function selected(selection: Selection): DocumentFragment {
  const range = selection.getRangeAt(0).cloneRange();
  const first = formulaAround(range.startContainer);
  const last = formulaAround(range.endContainer);
  if (first) range.setStartBefore(first);
  if (last) range.setEndAfter(last);
  return range.cloneContents();
}

/** What names a part of the page or has it told aloud: a copy must not be taken for what it was copied from. */
const telling = /^(?:id|name|for|role|autofocus|aria-.*)$/;

function silence(piece: DocumentFragment): void {
  for (const one of piece.querySelectorAll("*")) {
    for (const name of one.getAttributeNames()) if (telling.test(name)) one.removeAttribute(name);
  }
}

function onCopy(event: ClipboardEvent): void {
  const selection = document.getSelection();
  const isField = event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement;
  if (isField || !event.clipboardData || !selection || selection.rangeCount === 0 || selection.isCollapsed) return;
  const piece = selected(selection);
  const formulas = [...piece.querySelectorAll<HTMLElement>("[data-tex]")];
  if (formulas.length === 0) return;
  for (const one of formulas) {
    const source = document.createElement("span");
    source.className = one.classList.contains("formula-display") ? "block whitespace-pre-wrap" : "whitespace-pre-wrap";
    source.textContent = one.dataset.tex ?? "";
    one.replaceWith(source);
  }
  // Its lines are those of the page, which only the page can tell.
  const sheet = document.createElement("div");
  sheet.className = "answer formula-sheet";
  silence(piece);
  sheet.append(piece);
  sheet.inert = true;
  document.body.append(sheet);
  event.clipboardData.setData("text/plain", sheet.innerText);
  sheet.remove();
  sheet.inert = false;
  event.clipboardData.setData("text/html", new XMLSerializer().serializeToString(sheet));
  event.preventDefault();
}

let isListening = false;

export function copyAsTex(): void {
  if (!isListening) document.addEventListener("copy", onCopy);
  isListening = true;
}
